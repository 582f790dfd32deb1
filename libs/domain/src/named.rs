//! Closed sets whose members have names on the wire.

/// Gives an enum its names, each written once: `ALL`, `as_str`, and `named`, which reads a name.
macro_rules! named {
    ($set:ident { $($member:ident = $name:literal),+ $(,)? }) => {
        impl $set {
            /// Every member, in the order in which they are listed to people.
            pub const ALL: [$set; [$($name),+].len()] = [$($set::$member),+];

            /// The name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $($set::$member => $name,)+
                }
            }

            /// The member of this name.
            ///
            /// # Errors
            /// What to tell who wrote another name: all that there are.
            pub fn named(name: &str) -> Result<$set, $crate::FaultText> {
                match name {
                    $($name => Ok($set::$member),)+
                    _ => Err($crate::FaultText::one_of([$($name),+])),
                }
            }
        }
    };
}

pub(crate) use named;
