//! How a value of one version of the contract becomes one of the other.

/// Conversion between two versions' types. It is not `From`: both sides' types are another crate's or generated.
pub(super) trait Convert<To> {
    fn convert(self) -> To;
}

macro_rules! unchanged {
    ($($name:ty),*) => { $(
        impl Convert<$name> for $name {
            fn convert(self) -> $name {
                self
            }
        }
    )* };
}

unchanged!(bool, u8, u16, u32, u64, f64, String);

impl<From: Convert<To>, To> Convert<Vec<To>> for Vec<From> {
    fn convert(self) -> Vec<To> {
        self.into_iter().map(Convert::convert).collect()
    }
}

impl<From: Convert<To>, To> Convert<Option<To>> for Option<From> {
    fn convert(self) -> Option<To> {
        self.map(Convert::convert)
    }
}

impl<A: Convert<C>, B: Convert<D>, C, D> Convert<Result<C, D>> for Result<A, B> {
    fn convert(self) -> Result<C, D> {
        self.map(Convert::convert).map_err(Convert::convert)
    }
}

impl<A: Convert<C>, B: Convert<D>, C, D> Convert<(C, D)> for (A, B) {
    fn convert(self) -> (C, D) {
        (self.0.convert(), self.1.convert())
    }
}

/// `record!(interface::Name { members })`: converts a record from `source` to `target`, which are the two versions' interfaces
/// where the macro is used. It does not compile until every member is named: those that are in both, then, after `without`, those
/// that the target lacks and, after `adding`, those that the source lacks, with their values.
macro_rules! record {
    ($interface:ident::$name:ident { $($member:ident),* $(,)? }
        $(without { $($gone:ident),* })? $(adding { $($added:ident: $value:expr),* })?) => {
        impl Convert<target::$interface::$name> for source::$interface::$name {
            fn convert(self) -> target::$interface::$name {
                let source::$interface::$name { $($member,)* $($($gone: _,)*)? } = self;
                target::$interface::$name { $($member: $member.convert(),)* $($($added: $value,)*)? }
            }
        }
    };
}

/// `variant!(interface::Name { arms })`: the same for a variant or an enum. Every arm of the source has to be named, with a name
/// for what it holds, if anything.
macro_rules! variant {
    ($interface:ident::$name:ident { $($arm:ident $(($held:ident))?),* $(,)? }) => {
        impl Convert<target::$interface::$name> for source::$interface::$name {
            fn convert(self) -> target::$interface::$name {
                match self {
                    $(source::$interface::$name::$arm $(($held))? => {
                        target::$interface::$name::$arm $(($held.convert()))?
                    })*
                }
            }
        }
    };
}

/// Records that are both given and returned, in both directions therefore.
macro_rules! given_and_returned {
    () => {
        record!(types::NamedJson { name, value });
        record!(types::Cost { input, output, cache_read, cache_write, tiers });
        record!(types::CostTier { input_tokens_above, input, output, cache_read, cache_write });
        record!(types::Model { id, name, reasoning, input, cost, context_window, max_tokens, params, extras });
        record!(config::Place { layer, source, line, column });
        record!(config::Origin { path, place });
        record!(config::Guardrail { identifier, version, stream_processing_mode, trace });
        record!(config::Discovery {
            enabled,
            provider_filter,
            refresh_interval,
            default_context_window,
            default_max_tokens
        });
        record!(config::Settings {
            models,
            discovery,
            default_model,
            fallback_models,
            aliases,
            guardrail,
            cache_retention,
            origins,
            extras
        });
    };
}

pub(super) use {given_and_returned, record, variant};
