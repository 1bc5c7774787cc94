//! pprof files made by hand, field by field and in any order.

/// A protocol buffer message under construction.
#[derive(Clone, Default)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn number(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }

    pub(crate) fn text(mut self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes());
        self
    }

    pub(crate) fn message(mut self, field: u64, message: Message) -> Self {
        self.bytes(field, &message.0);
        self
    }

    pub(crate) fn packed(mut self, field: u64, numbers: &[u64]) -> Self {
        let mut packed = Message::new();
        numbers.iter().for_each(|number| packed.varint(*number));
        self.bytes(field, &packed.0);
        self
    }

    pub(crate) fn strings(self, strings: &[&str]) -> Self {
        strings.iter().fold(self, |file, text| file.text(6, text))
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

/// A value type by the indices of its strings.
pub(crate) fn value_type(name: u64, unit: u64) -> Message {
    Message::new().number(1, name).number(2, unit)
}

/// A function by the indices of its strings.
pub(crate) fn function(id: u64, name: u64, file: u64) -> Message {
    Message::new().number(1, id).number(2, name).number(3, name).number(4, file)
}

/// A location with one line for each function and line number.
pub(crate) fn location(id: u64, lines: &[(u64, u64)]) -> Message {
    lines.iter().fold(Message::new().number(1, id), |location, (function, line)| {
        location.message(4, Message::new().number(1, *function).number(2, *line))
    })
}

/// A text label by the indices of its strings.
pub(crate) fn text_label(key: u64, text: u64) -> Message {
    Message::new().number(1, key).number(2, text)
}

/// A number label.
pub(crate) fn number_label(key: u64, number: u64) -> Message {
    Message::new().number(1, key).number(3, number)
}
