//! Kinds that have a word each in JS and JSON.

/// Gives an enum its words: `ALL`, `as_str` and `parse`.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $name {
            /// Every kind, in the order of their wire numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in JS and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The kind with this word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
            }
        }
    };
}

pub(super) use words;
