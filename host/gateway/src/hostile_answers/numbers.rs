//! Hostile values of the contract's types, made of numbers that are always the same.

use crate::contract::conversation::{
    AnswerDetails, Attachment, Delta, Fragment, Outcome, StopReason, ThinkingEnd, ToolcallEnd, ToolcallStart,
    TurnFailure,
};
use crate::contract::types::{Failure, FailureKind, NamedJson, Notice, Usage, UsageCost};
use crate::failures::failure;

/// xorshift64*.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound
    }

    /// A number that is small, at an edge, or anything.
    pub(super) fn count(&mut self) -> u64 {
        let any = self.next();
        [0, 1, 7, u64::from(u32::MAX), u64::MAX, u64::MAX - 16, any][self.below(7)]
    }

    fn price(&mut self) -> f64 {
        [0.0, 0.25, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE][self.below(8)]
    }

    pub(super) fn text(&mut self) -> String {
        const PIECES: [&str; 16] = [
            "",
            "a",
            "\u{1b}[31m",
            "\r\n",
            "\n\ndata: {\"type\":\"done\"}\n\n",
            "\0",
            "\"",
            "\\",
            "\u{202e}",
            "\u{85}",
            "\u{2028}",
            "é",
            "event: x\n",
            "</script>",
            "[DONE]",
            "\u{7f}",
        ];
        let mut text = String::new();
        for _ in 0..self.below(6) {
            let times = if self.below(40) == 0 { 2000 } else { 1 };
            text.push_str(&PIECES[self.below(PIECES.len())].repeat(times));
        }
        text
    }

    pub(super) fn json(&mut self) -> String {
        match self.below(7) {
            6 => String::from(
                "{\"toolUseId\":\"t\",\r\n\"name\":\"n\",\"input\":{\"a\":\n\n1},\"type\":\"web_search_tool_result\",\"content\":[\n1],
                \"stop_details\":{\"a\":\n1},\"location\":{\"web\":{\"url\":\"u\"},\n\"b\":1},\"source\":\"s\"}",
            ),
            0 => self.text(),
            1 => "[".repeat(self.below(20_000)),
            2 => format!("{{\"a\":{}}}", serde_json::Value::String(self.text())),
            3 => "{}".to_owned(),
            4 => "{\"a\":1e999,\"a\":\n2}".to_owned(),
            _ => "null".to_owned(),
        }
    }

    pub(super) fn list<T>(&mut self, most: usize, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    pub(super) fn option<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    pub(super) fn named(&mut self) -> NamedJson {
        const NAMES: [&str; 4] = ["trace", "metrics", "additionalModelResponseFields", "serviceTier"];
        let name = if self.below(2) == 0 { NAMES[self.below(4)].to_owned() } else { self.text() };
        NamedJson { name, value: self.json() }
    }

    pub(super) fn notice(&mut self) -> Notice {
        Notice { kind: self.text(), message: self.text() }
    }

    pub(super) fn index(&mut self) -> u32 {
        [0, 1, 2, 3, u32::MAX][self.below(5)]
    }

    fn usage(&mut self) -> Usage {
        let [input, output, cache_read, cache_write, total] = [(); 5].map(|()| self.price());
        let cost = UsageCost { input, output, cache_read, cache_write, total };
        let [input, output, cache_read, cache_write, cache_write_long, total] = [(); 6].map(|()| self.count());
        Usage { input, output, cache_read, cache_write, cache_write_long, total, cost }
    }

    pub(super) fn failure(&mut self) -> Failure {
        let kinds = [
            FailureKind::Throttled,
            FailureKind::Refused,
            FailureKind::ContentFiltered,
            FailureKind::ModelNotFound,
            FailureKind::Other(self.text()),
        ];
        let kind = kinds[self.below(kinds.len())].clone();
        Failure {
            hint: self.option(Self::text),
            retryable: self.below(2) == 0,
            retry_after_ms: self.option(Self::count),
            code: self.option(Self::text),
            status: self.option(|numbers| numbers.count() as u16),
            request_id: self.option(Self::text),
            suggestions: self.list(100, Self::text),
            ..failure(kind, self.text(), None, None)
        }
    }

    pub(super) fn delta(&mut self) -> Delta {
        let content_index = self.index();
        let fragment = Fragment { content_index, delta: self.text() };
        match self.below(14) {
            0 => Delta::Start,
            1 => Delta::TextStart(content_index),
            2 | 3 => Delta::TextDelta(fragment),
            4 => Delta::TextEnd(content_index),
            5 => Delta::ThinkingStart(content_index),
            6 => Delta::ThinkingDelta(fragment),
            7 => {
                let (signature, redacted) = (self.option(Self::text), self.below(2) == 0);
                Delta::ThinkingEnd(ThinkingEnd { content_index, signature, redacted })
            }
            8 => Delta::ToolcallStart(ToolcallStart { content_index, id: self.text(), name: self.text() }),
            9 => Delta::ToolcallDelta(fragment),
            10 => {
                let (arguments, problem) = (self.json(), self.option(Self::text));
                Delta::ToolcallEnd(ToolcallEnd { content_index, arguments, problem })
            }
            11 => {
                const KINDS: [&str; 3] = ["citation", "server-tool-use", "server-tool-result"];
                let kind = if self.below(4) > 0 { KINDS[self.below(3)].to_owned() } else { self.text() };
                let content_index = self.option(Self::index);
                Delta::Attachment(Attachment { content_index, kind, value: self.json() })
            }
            12 => Delta::Notice(self.notice()),
            _ => self.end(),
        }
    }

    fn details(&mut self) -> AnswerDetails {
        AnswerDetails {
            service_tier: self.option(Self::text),
            server_tool_usage: self.option(Self::json),
            additional_response_fields: self.option(Self::json),
            metrics: self.option(Self::json),
            trace: self.option(Self::json),
            performance_config: self.option(Self::json),
        }
    }

    pub(super) fn end(&mut self) -> Delta {
        let (usage, details) = (self.usage(), self.details());
        if self.below(2) == 0 {
            let reasons = [StopReason::Stop, StopReason::Length, StopReason::ToolUse, StopReason::Other(self.text())];
            let reason = reasons[self.below(4)].clone();
            return Delta::Done(Outcome { reason, raw_stop_reason: self.text(), usage, details });
        }
        let (failure, raw_stop_reason) = (self.failure(), self.option(Self::text));
        Delta::Error(TurnFailure { failure, raw_stop_reason, usage, details })
    }
}
