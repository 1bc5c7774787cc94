//! How values of a type are read or skipped, worked out once per type and then run for every value.
//!
//! Structures are flattened and neighboring fields that nobody wants become one step, so an event of twenty fields of
//! which three are wanted takes some five steps.

use super::chunk::Chunk;
use super::cursor::Cursor;
use super::metadata::{FieldSpec, Shape, TypeIndex, Types};
use super::text::TextForm;
use super::unit::Unit;
use super::value::{Array, Record, Reference, Value};

/// How deep structures may nest within one another without an array between them.
const MAX_NESTING: usize = 32;

/// How deep arrays may nest, where types contain themselves.
const MAX_ARRAY_DEPTH: usize = 64;

/// How many fields one program may go through. The biggest event of the JDK has some 40. See also
/// [`Types::take_field`].
const MAX_FIELDS: usize = 16_384;

/// Registers for the programs that read constants, of which the biggest has six.
pub(super) const NO_VALUES: [Value<'static>; 8] = [Value::Absent; 8];

/// A step of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Go past so many compressed integers.
    Varints(u32),
    /// Go past so many bytes.
    Bytes(u32),
    /// Go past a string.
    Text,
    /// Go past an array.
    Array(Element),
    /// A structure begins here.
    KeepRecord { register: u16, type_index: TypeIndex },
    /// An array begins here.
    KeepArray { register: u16, owner: TypeIndex, field: u32 },
    /// Read a key into a pool.
    KeepReference { register: u16, pool: TypeIndex },
    /// Read a key into the pool of strings.
    KeepPooledText { register: u16 },
    /// Read a value.
    Keep { register: u16, shape: Shape, unsigned: bool, unit: Unit },
}

/// What an array consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Varint,
    Bytes(u32),
    Text,
    Of(TypeIndex),
}

/// How to skip a value of each type.
#[derive(Debug, Default)]
pub(super) struct Skips {
    /// `None` for types that cannot be skipped: one of their fields is of a type that is not declared.
    by_type: Vec<Option<Vec<Step>>>,
}

/// How to read some fields of a type.
#[derive(Debug, Default)]
pub(super) struct Program {
    steps: Vec<Step>,
    registers: usize,
    /// Where the value of each wanted path is.
    slots: Vec<Slot>,
}

/// Where the value of a wanted path is.
#[derive(Debug, Default)]
struct Slot {
    /// `None` if the type has no such field.
    register: Option<u16>,
    /// What to read of the constant that the register names.
    follow: Option<Box<Program>>,
}

impl Skips {
    pub(super) fn new(types: &Types) -> Self {
        let by_type = (0..types.len())
            .map(|index| {
                let mut compiler = Compiler::new(types);
                let whole = compiler.value(TypeIndex::try_from(index).ok()?, &[], 0);
                whole.then_some(compiler.steps)
            })
            .collect();
        Skips { by_type }
    }

    /// Goes past a value of a type.
    pub(super) fn skip(&self, cursor: &mut Cursor<'_>, type_index: TypeIndex) -> Option<()> {
        self.skip_steps(cursor, self.steps(type_index)?, 0)
    }

    /// Goes past a field, whatever it is.
    pub(super) fn skip_field(&self, types: &Types, cursor: &mut Cursor<'_>, field: &FieldSpec) -> Option<()> {
        let step = step_past(types, field)?;
        self.skip_steps(cursor, &[step], 0)
    }

    fn steps(&self, type_index: TypeIndex) -> Option<&[Step]> {
        self.by_type.get(usize::try_from(type_index).ok()?)?.as_deref()
    }

    fn skip_steps(&self, cursor: &mut Cursor<'_>, steps: &[Step], depth: usize) -> Option<()> {
        for step in steps {
            self.skip_step(cursor, *step, depth)?;
        }
        Some(())
    }

    #[inline]
    fn skip_step(&self, cursor: &mut Cursor<'_>, step: Step, depth: usize) -> Option<()> {
        match step {
            Step::Varints(count) => cursor.skip_varints(usize::try_from(count).ok()?),
            Step::Bytes(count) => cursor.take(usize::try_from(count).ok()?).map(drop),
            Step::Text => cursor.text().map(drop),
            Step::Array(element) => self.skip_array(cursor, element, depth + 1),
            _ => Some(()),
        }
    }

    fn skip_array(&self, cursor: &mut Cursor<'_>, element: Element, depth: usize) -> Option<()> {
        if depth > MAX_ARRAY_DEPTH {
            return None;
        }
        let count = usize::try_from(cursor.int()?).ok()?;
        match element {
            Element::Varint => cursor.skip_varints(count),
            Element::Bytes(size) => {
                cursor.take(count.checked_mul(usize::try_from(size).ok()?)?)?;
                Some(())
            }
            Element::Text => (0..count).try_for_each(|_| cursor.text().map(drop)),
            Element::Of(type_index) => match self.steps(type_index)? {
                [] => Some(()),
                [Step::Varints(each)] => {
                    cursor.skip_varints(count.checked_mul(usize::try_from(*each).ok()?)?)
                }
                steps => (0..count).try_for_each(|_| self.skip_steps(cursor, steps, depth)),
            },
        }
    }
}

impl Program {
    /// How to read the fields with these dotted paths of a type. Stops after the last of them.
    pub(super) fn new(types: &Types, type_index: TypeIndex, paths: &[&str]) -> Program {
        let mut program = Program::whole(types, type_index, paths);
        let needed = program.steps.iter().rposition(|step| step.keeps()).map_or(0, |last| last + 1);
        program.steps.truncate(needed);
        program
    }

    /// How to read the fields with these dotted paths of a type, and to go past the rest of it.
    pub(super) fn whole(types: &Types, type_index: TypeIndex, paths: &[&str]) -> Program {
        let mut compiler = Compiler::new(types);
        compiler.slots.resize_with(paths.len(), Slot::default);
        let paths: Vec<Vec<&str>> = paths.iter().map(|path| path.split('.').collect()).collect();
        let wants: Vec<Want<'_>> = paths.iter().enumerate().map(|(slot, path)| Want { slot, path }).collect();
        // A field that cannot be read ends the program; what comes before it is read.
        let _ = compiler.value(type_index, &wants, 0);
        Program { steps: compiler.steps, registers: compiler.registers, slots: compiler.slots }
    }

    /// How many registers a run needs.
    pub(super) fn registers(&self) -> usize {
        self.registers
    }

    /// Reads into `registers`. What could not be read, or has no register, stays what it was; for the former, `None`
    /// is answered.
    #[inline]
    pub(super) fn run<'a>(
        &self,
        chunk: &'a Chunk<'a>,
        cursor: &mut Cursor<'a>,
        registers: &mut [Value<'a>],
    ) -> Option<()> {
        for step in &self.steps {
            let (register, value) = match *step {
                Step::KeepRecord { register, type_index } => {
                    (register, Value::Record(Record::new(chunk, type_index, cursor.at())))
                }
                Step::KeepArray { register, owner, field } => {
                    (register, Value::Array(Array::new(chunk, owner, field, cursor.at())))
                }
                Step::KeepReference { register, pool } => {
                    (register, Value::Reference(Reference::new(pool, cursor.long()?)))
                }
                Step::KeepPooledText { register } => (register, chunk.pooled_text(cursor.long()?)),
                Step::Keep { register, shape, unsigned, unit } => {
                    (register, read_scalar(chunk, cursor, shape, unsigned, unit)?)
                }
                step => {
                    chunk.metadata().skips.skip_step(cursor, step, 0)?;
                    continue;
                }
            };
            if let Some(place) = registers.get_mut(usize::from(register)) {
                *place = value;
            }
        }
        Some(())
    }

    /// The value of the path with number `slot`, from the registers of a run.
    pub(super) fn value<'a>(&self, chunk: &'a Chunk<'a>, registers: &[Value<'a>], slot: usize) -> Value<'a> {
        let Some(Slot { register: Some(register), follow }) = self.slots.get(slot) else {
            return Value::Absent;
        };
        let value = registers.get(usize::from(*register)).copied().unwrap_or_default();
        match (value, follow) {
            (value, None) => value,
            (Value::Reference(reference), Some(program)) => {
                let mut registers = NO_VALUES;
                match chunk.run(program, reference, &mut registers) {
                    Some(()) => program.value(chunk, &registers, 0),
                    None => Value::Absent,
                }
            }
            _ => Value::Absent,
        }
    }
}

/// A path that is wanted, from the type in question on.
#[derive(Clone, Copy)]
struct Want<'p> {
    slot: usize,
    path: &'p [&'p str],
}

struct Compiler<'t> {
    types: &'t Types,
    steps: Vec<Step>,
    registers: usize,
    slots: Vec<Slot>,
    fields_left: usize,
}

impl<'t> Compiler<'t> {
    fn new(types: &'t Types) -> Self {
        Compiler { types, steps: Vec::new(), registers: 0, slots: Vec::new(), fields_left: MAX_FIELDS }
    }

    /// Steps through a value of a type. Whether all of it can be stepped through.
    fn value(&mut self, type_index: TypeIndex, wants: &[Want<'_>], nesting: usize) -> bool {
        let Some(declared) = self.types.get(type_index) else { return false };
        if nesting > MAX_NESTING {
            return false;
        }
        if declared.shape != Shape::Fields {
            self.push(step_past_scalar(self.types, declared.shape));
            return true;
        }
        let mut wants = wants.to_vec();
        for (field, at) in declared.fields.iter().zip(0..) {
            if self.fields_left == 0 || !self.types.take_field() {
                return false;
            }
            self.fields_left -= 1;
            // Of fields with one name the first counts.
            let leads_here =
                |want: &mut Want<'_>| want.path.first().is_some_and(|name| **name == *field.name);
            let mut wants: Vec<Want<'_>> = wants.extract_if(.., leads_here).collect();
            wants.iter_mut().for_each(|want| want.path = want.path.get(1..).unwrap_or_default());
            if !self.field(type_index, field, at, &wants, nesting) {
                return false;
            }
        }
        true
    }

    fn field(
        &mut self,
        owner: TypeIndex,
        field: &FieldSpec,
        at: u32,
        wants: &[Want<'_>],
        nesting: usize,
    ) -> bool {
        let Some(type_index) = field.type_index else { return false };
        let shape = self.types.get(type_index).map_or(Shape::Fields, |declared| declared.shape);
        let whole = wants.iter().any(|want| want.path.is_empty());
        if field.array {
            if whole {
                let register = self.register(wants);
                self.push(Step::KeepArray { register, owner, field: at });
            }
            return step_past(self.types, field).map(|step| self.push(step)).is_some();
        }
        if field.pooled {
            match wants {
                [] => self.push(step_past_scalar(self.types, Shape::Long)),
                _ if shape == Shape::Text => {
                    let register = self.register(wants);
                    self.push(Step::KeepPooledText { register });
                }
                _ => self.reference(type_index, wants),
            }
            return true;
        }
        if shape != Shape::Fields {
            match whole {
                true => {
                    let register = self.register(wants);
                    self.push(Step::Keep { register, shape, unsigned: field.unsigned, unit: field.unit });
                }
                false => self.push(step_past_scalar(self.types, shape)),
            }
            return true;
        }
        if let Some(only) = self.types.simple_field(type_index) {
            let only = only.name.clone();
            let path = [&*only];
            let wants: Vec<Want<'_>> = wants
                .iter()
                .map(|want| if want.path.is_empty() { Want { slot: want.slot, path: &path } } else { *want })
                .collect();
            return self.value(type_index, &wants, nesting + 1);
        }
        if whole {
            let register = self.register(wants);
            self.push(Step::KeepRecord { register, type_index });
        }
        self.value(type_index, wants, nesting + 1)
    }

    /// Reads a key, for those who want it and for those who want something of the constant.
    fn reference(&mut self, pool: TypeIndex, wants: &[Want<'_>]) {
        let register = self.register(wants);
        self.push(Step::KeepReference { register, pool });
        for want in wants.iter().filter(|want| !want.path.is_empty()) {
            let program = Program::new(self.types, pool, &[&want.path.join(".")]);
            if let Some(slot) = self.slots.get_mut(want.slot) {
                *slot = Slot { register: Some(register), follow: Some(Box::new(program)) };
            }
        }
    }

    /// A register for everyone whose path ends here.
    fn register(&mut self, wants: &[Want<'_>]) -> u16 {
        let register = u16::try_from(self.registers).unwrap_or(u16::MAX);
        self.registers += 1;
        for want in wants.iter().filter(|want| want.path.is_empty()) {
            if let Some(slot) = self.slots.get_mut(want.slot) {
                *slot = Slot { register: Some(register), follow: None };
            }
        }
        register
    }

    fn push(&mut self, step: Step) {
        match (self.steps.last_mut(), step) {
            (Some(Step::Varints(before)), Step::Varints(count)) => *before += count,
            (Some(Step::Bytes(before)), Step::Bytes(count)) => *before += count,
            _ => self.steps.push(step),
        }
    }
}

impl Step {
    fn keeps(self) -> bool {
        !matches!(self, Step::Varints(_) | Step::Bytes(_) | Step::Text | Step::Array(_))
    }
}

/// The step past a field that is an array, a key or a value of a primitive type; past a structure, none.
fn step_past(types: &Types, field: &FieldSpec) -> Option<Step> {
    let type_index = field.type_index?;
    let past = match field.pooled {
        true => step_past_scalar(types, Shape::Long),
        false => match types.get(type_index)?.shape {
            Shape::Fields if field.array => return Some(Step::Array(Element::Of(type_index))),
            Shape::Fields => return None,
            shape => step_past_scalar(types, shape),
        },
    };
    if !field.array {
        return Some(past);
    }
    Some(Step::Array(match past {
        Step::Varints(_) => Element::Varint,
        Step::Bytes(size) => Element::Bytes(size),
        _ => Element::Text,
    }))
}

fn step_past_scalar(types: &Types, shape: Shape) -> Step {
    match shape {
        Shape::Text => Step::Text,
        Shape::Boolean | Shape::Byte => Step::Bytes(1),
        Shape::Float => Step::Bytes(4),
        Shape::Double => Step::Bytes(8),
        _ if types.compressed => Step::Varints(1),
        Shape::Short | Shape::Char => Step::Bytes(2),
        Shape::Int => Step::Bytes(4),
        Shape::Long | Shape::Fields => Step::Bytes(8),
    }
}

/// Reads a value of a primitive type.
#[inline]
pub(super) fn read_scalar<'a>(
    chunk: &'a Chunk<'a>,
    cursor: &mut Cursor<'a>,
    shape: Shape,
    unsigned: bool,
    unit: Unit,
) -> Option<Value<'a>> {
    let integer = match shape {
        Shape::Boolean => return cursor.byte().map(|byte| Value::Boolean(byte != 0)),
        Shape::Float => return cursor.float().map(|float| Value::Float(f64::from(float))),
        Shape::Double => return cursor.double().map(Value::Float),
        Shape::Text => {
            return Some(match cursor.text()? {
                TextForm::Null => Value::Absent,
                TextForm::Here(text) => Value::Text(text),
                TextForm::Pooled(key) => chunk.pooled_text(key),
            });
        }
        Shape::Fields => return None,
        Shape::Byte if unsigned => i64::from(cursor.byte()?),
        Shape::Byte => i64::from(cursor.byte()?.cast_signed()),
        Shape::Short if !unsigned => i64::from(cursor.short()?.cast_signed()),
        Shape::Short | Shape::Char => i64::from(cursor.short()?),
        Shape::Int if unsigned => i64::from(cursor.int()?),
        Shape::Int => i64::from(cursor.int()?.cast_signed()),
        Shape::Long => cursor.long()?.cast_signed(),
    };
    Some(Value::Integer(if unit == Unit::None { integer } else { chunk.header().convert(integer, unit) }))
}
