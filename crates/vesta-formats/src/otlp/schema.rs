//! Which field means what, release by release.

/// The tables of a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Table {
    Mappings,
    Locations,
    Functions,
    Links,
    Strings,
    Attributes,
    /// Release 1.7 has units of attributes in its place, and lists of locations in each profile.
    Stacks,
}

impl Table {
    pub(super) const COUNT: usize = 7;
    pub(super) const ALL: [Table; Table::COUNT] = [
        Table::Mappings,
        Table::Locations,
        Table::Functions,
        Table::Links,
        Table::Strings,
        Table::Attributes,
        Table::Stacks,
    ];

    pub(super) fn position(self) -> usize {
        self as usize
    }

    /// The field of the dictionary in which it is.
    pub(super) fn field(self) -> u64 {
        self.position() as u64 + 1
    }

    pub(super) fn of_field(field: u64) -> Option<Table> {
        let position = usize::try_from(field.checked_sub(1)?).ok()?;
        Table::ALL.get(position).copied()
    }
}

/// The fields of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct SampleFields {
    /// The stack; in release 1.7 where in its profile's list the locations begin.
    pub(super) stack: u64,
    /// How many locations there are, in release 1.7.
    pub(super) length: u64,
    pub(super) values: u64,
    pub(super) attributes: u64,
    pub(super) link: u64,
    pub(super) timestamps: u64,
}

/// The fields of a profile.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProfileFields {
    pub(super) locations: u64,
    pub(super) time: u64,
    pub(super) duration: u64,
    pub(super) period_type: u64,
    pub(super) period: u64,
    pub(super) comments: u64,
    pub(super) attributes: u64,
}

/// Stands for a field that a release does not have.
pub(super) const NONE: u64 = u64::MAX;
