//! Values that facts have: truth, numbers, words of enums and sets of them.

use serde_json::Value;

/// A value that a fact can have.
pub trait FactValue: Sized {
    /// What a value of the data files or the configuration has to be.
    fn expected() -> String;
    /// The value of some JSON; none where it is no such value.
    fn read(json: &Value) -> Option<Self>;
    /// The value as JSON.
    fn shown(&self) -> Value;
    /// The value as a Rust expression, for the build script.
    fn literal(&self) -> String;
}

impl FactValue for bool {
    fn expected() -> String {
        "`true` or `false`".to_owned()
    }

    fn read(json: &Value) -> Option<Self> {
        json.as_bool()
    }

    fn shown(&self) -> Value {
        (*self).into()
    }

    fn literal(&self) -> String {
        self.to_string()
    }
}

impl FactValue for u64 {
    fn expected() -> String {
        "a whole number from 0".to_owned()
    }

    fn read(json: &Value) -> Option<Self> {
        json.as_u64()
    }

    fn shown(&self) -> Value {
        (*self).into()
    }

    fn literal(&self) -> String {
        self.to_string()
    }
}

/// Enums whose values have words.
macro_rules! words {
    ($($(#[$of_type:meta])* $name:ident { $($(#[$of_value:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$of_type])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$of_value])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The word of it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The one with this word.
            #[must_use]
            pub fn of_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }
        }

        impl FactValue for $name {
            fn expected() -> String {
                let words: Vec<String> = Self::ALL.iter().map(|value| format!("`{}`", value.word())).collect();
                format!("one of {}", words.join(", "))
            }

            fn read(json: &Value) -> Option<Self> {
                Self::of_word(json.as_str()?)
            }

            fn shown(&self) -> Value {
                self.word().into()
            }

            fn literal(&self) -> String {
                format!("{}::{self:?}", stringify!($name))
            }
        }
    )*};
}

words! {
    /// How far a tool call can be forced.
    ForcedTool {
        /// `toolChoice.tool`, by name.
        ByName = "by-name",
        /// `toolChoice.any`, not by name.
        Any = "any",
        /// Not at all: the model decides.
        Never = "never",
    }
    /// What a `toolUseId` looks like.
    ToolCallIds {
        /// `[a-zA-Z0-9_-]{1,64}`.
        Plain = "plain",
        /// `[a-zA-Z0-9]{9}`.
        NineAlphanumerics = "nine-alphanumerics",
        /// `[a-zA-Z0-9_.:-]{1,64}`, which the API model has: the model wants to see its own.
        AsGiven = "as-given",
    }
    /// Where the images of a tool result go.
    ToolImages {
        /// Inside the `toolResult`.
        Inside = "inside",
        /// Inside it; behind all the results where the result is an error.
        BehindErrors = "behind-errors",
        /// Behind all the results.
        Behind = "behind",
    }
    /// What may stand in one message with tool calls or tool results.
    MixedTurns {
        /// Every block.
        Any = "any",
        /// Every block but documents and videos beside results.
        NoDocuments = "no-documents",
        /// No text; images may stand beside results.
        NoText = "no-text",
        /// Results stand alone.
        ResultsAlone = "results-alone",
    }
    /// Which keys `properties` of a tool's parameters may have at the top level.
    PropertyKeys {
        /// Any.
        Any = "any",
        /// `[a-zA-Z0-9_.-]{1,64}`.
        Plain = "plain",
    }
    /// How thinking of earlier turns goes back to the model that thought it.
    Replay {
        /// `reasoningText` with its signature; text where it has none.
        Signed = "signed",
        /// `reasoningText` without a signature.
        Unsigned = "unsigned",
        /// As text.
        AsText = "as-text",
        /// Not at all.
        Omitted = "omitted",
    }
    /// How thinking is asked for in `additionalModelRequestFields`.
    ThinkingForm {
        /// There is no known way.
        Unknown = "unknown",
        /// Claude: `thinking.type` = `adaptive`, with an effort in `output_config`.
        Adaptive = "adaptive",
        /// Claude: `thinking.type` = `enabled`, with a budget of tokens.
        Budget = "budget",
        /// `reasoning_effort` = LEVEL.
        ReasoningEffort = "reasoning_effort",
        /// `reasoning.effort` = LEVEL.
        NestedEffort = "reasoning.effort",
        /// `reasoning_config` = LEVEL.
        ReasoningConfig = "reasoning_config",
        /// Nova: `reasoningConfig` with `type` and `maxReasoningEffort` = LEVEL.
        NovaConfig = "reasoningConfig",
    }
    /// How thinking is switched off.
    ThinkingOff {
        /// It is off unless it is asked for.
        Unasked = "unasked",
        /// Claude: `thinking.type` = `disabled`.
        Disabled = "disabled",
        /// Claude: `thinking.type` = `between_tools`, the least there is.
        BetweenTools = "between_tools",
        /// `reasoning.effort` = `none`.
        EffortNone = "effort-none",
        /// Not at all: the lowest level is the least there is.
        Never = "never",
    }
    /// How hard to think.
    Level {
        /// `low`.
        Low = "low",
        /// `medium`.
        Medium = "medium",
        /// `high`.
        High = "high",
        /// `xhigh`.
        XHigh = "xhigh",
        /// `max`.
        Max = "max",
    }
    /// What of temperature and top-p is taken.
    Sampling {
        /// Both.
        Both = "both",
        /// One of them.
        Either = "either",
        /// None.
        Neither = "neither",
    }
    /// Where `additionalModelRequestFields` has top-k.
    TopK {
        /// `top_k`.
        Plain = "top_k",
        /// Nova: `inferenceConfig.topK`.
        Nova = "inferenceConfig.topK",
        /// Cohere: `k`.
        Cohere = "k",
        /// Nowhere: the model refuses it.
        Refused = "refused",
    }
    /// Which cache points are taken.
    Caching {
        /// None.
        Never = "never",
        /// Those of five minutes, placed only when asked for: the service caches by itself.
        OptIn = "opt-in",
        /// Those of five minutes.
        Short = "5m",
        /// Those of five minutes and of one hour.
        ShortAndLong = "1h",
    }
    /// A `serviceTier` other than `default`.
    Tier {
        /// `priority`.
        Priority = "priority",
        /// `flex`.
        Flex = "flex",
        /// `reserved`.
        Reserved = "reserved",
    }
    /// What an answer's text may hold that is no text.
    Markup {
        /// Nothing.
        None = "none",
        /// gpt-oss: channel tokens behind a tool's name.
        Channels = "channels",
        /// Kimi: tokens of tool calls.
        KimiCalls = "kimi-calls",
        /// Nova: `<thinking>` around its thinking.
        ThinkingTags = "thinking-tags",
    }
}

/// A set of words of one enum.
macro_rules! sets {
    ($($(#[$of_type:meta])* $name:ident of $word:ident,)*) => {$(
        $(#[$of_type])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(
            /// A bit for each, by its place in the enum.
            pub u8,
        );

        impl $name {
            /// Whether it has this one.
            #[must_use]
            pub fn has(self, word: $word) -> bool {
                self.0 & (1 << word as u8) != 0
            }

            /// All that it has, in the enum's order.
            pub fn iter(self) -> impl DoubleEndedIterator<Item = $word> {
                $word::ALL.iter().copied().filter(move |word| self.has(*word))
            }
        }

        impl FactValue for $name {
            fn expected() -> String {
                let words: Vec<String> = $word::ALL.iter().map(|value| format!("`{}`", value.word())).collect();
                format!("a list of {}", words.join(", "))
            }

            fn read(json: &Value) -> Option<Self> {
                let words: Option<Vec<$word>> = json.as_array()?.iter().map($word::read).collect();
                Some($name(words?.into_iter().fold(0, |bits, word| bits | 1 << word as u8)))
            }

            fn shown(&self) -> Value {
                self.iter().map(|word| Value::from(word.word())).collect()
            }

            fn literal(&self) -> String {
                format!("{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

sets! {
    /// The levels that a model's thinking has.
    Levels of Level,
    /// The tiers that a model can be served by.
    Tiers of Tier,
}
