//! Helpers of tests.

use resp::{Args, Span};

/// The words of a line as a request.
pub struct Words {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Words {
    /// Splits like an inline command: quotes and escapes work.
    pub fn new(line: &str) -> Words {
        let words = base::tokens::split_args(line.as_bytes()).expect("balanced quotes");
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for word in words {
            spans.push(Span { start: bytes.len() as u32, len: word.len() as u32 });
            bytes.extend_from_slice(&word);
        }
        Words { bytes, spans }
    }

    /// As a request's arguments.
    pub fn args(&self) -> Args<'_> {
        Args::new(&self.bytes, &self.spans)
    }
}
