//! The way out: numbers in one buffer, all strings in another, so that JS decodes text once for a whole batch.

/// A batch on its way to JS. A string is one number, its length in UTF-16 units; the texts follow each other.
#[derive(Debug, Default)]
pub(super) struct Pack {
    pub(super) words: Vec<u32>,
    pub(super) text: Vec<u8>,
}

impl Pack {
    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.text.clear();
    }

    pub(super) fn number(&mut self, value: u32) {
        self.words.push(value);
    }

    /// A whole number up to 2^53, as its low and high half.
    pub(super) fn wide(&mut self, value: u64) {
        self.words.push(value as u32);
        self.words.push((value >> 32) as u32);
    }

    pub(super) fn string(&mut self, text: &str) {
        // No text here is near 4 Gi units.
        let units = if text.is_ascii() {
            text.len()
        } else {
            text.encode_utf16().count()
        };
        self.words.push(units as u32);
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Several strings as one, joined by line feeds, which none of them contains.
    pub(super) fn lines<'a>(&mut self, lines: impl Iterator<Item = &'a str>) {
        let mut units = 0;
        for line in lines {
            if units > 0 {
                self.text.push(b'\n');
                units += 1;
            }
            units += if line.is_ascii() {
                line.len()
            } else {
                line.encode_utf16().count()
            };
            self.text.extend_from_slice(line.as_bytes());
        }
        self.words.push(units as u32);
    }
}
