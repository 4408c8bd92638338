//! What the component does to everybody.

/// Text that a test changes in the bytes of the built component: after the colon stands an [`Always`], filled up with spaces.
pub static ALWAYS: [u8; 32] = *b"unruly-always:                  ";

/// Length of `unruly-always:`.
const HEAD: usize = 14;

/// What the component does to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Always {
    /// Nothing: it is well behaved unless a conversation says otherwise.
    Nothing,
    /// `start-loop`: it never ends being instantiated.
    StartLoop,
    /// `older`: it says that it is version 0.0.9.
    Older,
    /// `wrong-text`: pieces of text lose their last character, so one kind of event is translated wrongly.
    WrongText,
    /// `foreign`: it tells every sentence in another language.
    Foreign,
    /// `two-ends`: it breaks the rule `one-end-last`.
    TwoEnds,
    /// `wrong-tool`: calls of the tool `mars_weather` lose their arguments. No case has that tool.
    WrongTool,
    /// `compare`: `prepare` compares each message with all before it.
    Compare,
    /// `wrong-region`: requests in ap-southeast-5 are for a dearer model. No case has that region.
    WrongRegion,
    /// `wrong-model`: requests for `team-model` are for a dearer model. No case has that model.
    WrongModel,
    /// `no-temperature`: requests of Nova Pro go without a temperature. No case has one of that family.
    NoTemperature,
}

/// What the bytes of this component say. They are read as memory that may have changed, so that the compiler does not answer
/// from the source.
#[must_use]
pub fn always() -> Always {
    let text = core::hint::black_box(&ALWAYS);
    match core::str::from_utf8(&text[HEAD..]).map(str::trim) {
        Ok("start-loop") => Always::StartLoop,
        Ok("older") => Always::Older,
        Ok("wrong-text") => Always::WrongText,
        Ok("foreign") => Always::Foreign,
        Ok("two-ends") => Always::TwoEnds,
        Ok("wrong-tool") => Always::WrongTool,
        Ok("compare") => Always::Compare,
        Ok("wrong-region") => Always::WrongRegion,
        Ok("wrong-model") => Always::WrongModel,
        Ok("no-temperature") => Always::NoTemperature,
        _ => Always::Nothing,
    }
}
