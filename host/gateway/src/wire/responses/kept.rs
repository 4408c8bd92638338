//! The last answers of each client, so that its next request can name them by their ids: `previous_response_id` and `item_reference`.
//!
//! They are in this process's memory alone, for a while, within bytes and a number. A client that wants none of that sends
//! `store: false`. A client key sees its own alone.

use std::collections::{BTreeMap, HashMap};
use std::mem::size_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::config::gateway::ResponsesConfig;
use crate::refusal::Refusal;

/// An item of a conversation, as JSON.
pub(crate) type ItemText = Arc<str>;

/// The most bytes that one request and its answer may have to be kept.
pub(crate) const LARGEST: usize = 8 << 20;

/// Responses that are followed from one to the one before.
const LONGEST_CHAIN: usize = 1000;

/// An answer with what it answered.
#[derive(Debug)]
pub(crate) struct KeptResponse {
    /// The response that it continues.
    pub(crate) previous: Option<String>,
    /// The items that its request added.
    pub(crate) input: Vec<ItemText>,
    /// The items of the answer by their ids.
    pub(crate) output: Vec<(String, ItemText)>,
}

impl KeptResponse {
    fn bytes(&self) -> usize {
        let KeptResponse { previous, input, output } = self;
        let items = input.iter().map(|item| item.len() + size_of::<ItemText>());
        let answered = output.iter().map(|(id, item)| id.len() + item.len() + size_of::<(String, ItemText)>());
        previous.as_ref().map_or(0, String::len) + items.chain(answered).sum::<usize>() + size_of::<Entry>()
    }
}

/// What a request names by ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// `previous_response_id`.
    pub(crate) previous: Option<String>,
    /// Each `item_reference`: its place in the request, and the id.
    pub(crate) items: Vec<(String, String)>,
}

/// What a request named, as far as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Recalled {
    /// The conversation up to the previous response.
    pub(crate) conversation: Option<Vec<ItemText>>,
    /// Items by their ids.
    pub(crate) items: HashMap<String, ItemText>,
}

/// The memory for one client.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    kept: Arc<KeptResponses>,
    key: String,
    limits: ResponsesConfig,
}

impl Keeper {
    /// The memory for the client of this key.
    pub(crate) fn new(kept: &Arc<KeptResponses>, key: &str, limits: ResponsesConfig) -> Self {
        Keeper { kept: Arc::clone(kept), key: key.to_owned(), limits }
    }

    /// Whether anything is kept.
    pub(super) fn keeps(&self) -> bool {
        let ResponsesConfig { keep, keep_bytes, keep_number } = self.limits;
        !keep.is_zero() && keep_bytes > 0 && keep_number > 0
    }

    /// Keeps a response.
    pub(super) fn keep(&self, id: String, response: KeptResponse) {
        self.kept.keep(&self.key, id, response, &self.limits, Instant::now());
    }

    /// What a request names.
    ///
    /// # Errors
    /// Where something of it is not kept.
    pub(crate) fn recall(&self, named: &Named) -> Result<Recalled, Refusal> {
        let recalled = self.kept.recall(&self.key, named, &self.limits, Instant::now());
        let lost = |param: &str, id: &str| {
            let remedy = "set `store: false` in the client, so that it sends the whole conversation";
            let message = format!("{param}: this gateway keeps no `{id}` (any more); {remedy}");
            Err(Refusal::invalid(param.to_owned(), message))
        };
        if let Some(id) = named.previous.as_ref().filter(|_| recalled.conversation.is_none()) {
            return lost("previous_response_id", id);
        }
        match named.items.iter().find(|(_, id)| !recalled.items.contains_key(id)) {
            Some((place, id)) => lost(place, id),
            None => Ok(recalled),
        }
    }
}

/// The kept responses of all clients.
#[derive(Debug, Default)]
pub(crate) struct KeptResponses {
    by_key: Mutex<BTreeMap<String, OfKey>>,
}

/// Those of one client key, by their ids.
#[derive(Debug, Default)]
struct OfKey {
    entries: HashMap<String, Entry>,
    /// The ids by when they were used last.
    by_use: BTreeMap<u64, String>,
    uses: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    kept: KeptResponse,
    used: Instant,
    /// Its place in [`OfKey::by_use`].
    use_number: u64,
    bytes: usize,
}

impl KeptResponses {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, OfKey>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a response of a client. What is older or more than the limits goes, first of the client that has most.
    pub(crate) fn keep(&self, key: &str, id: String, kept: KeptResponse, limits: &ResponsesConfig, now: Instant) {
        let bytes = kept.bytes() + id.len();
        if bytes > LARGEST.min(limits.keep_bytes) || limits.keep.is_zero() {
            return;
        }
        let mut by_key = self.lock();
        forget_old(&mut by_key, limits, now);
        let of_key = by_key.entry(key.to_owned()).or_default();
        of_key.remove(&id);
        let use_number = of_key.use_now(id.clone());
        of_key.bytes += bytes;
        of_key.entries.insert(id, Entry { kept, used: now, use_number, bytes });
        loop {
            let (all, number) = by_key
                .values()
                .fold((0, 0), |(bytes, number), of_key| (bytes + of_key.bytes, number + of_key.entries.len()));
            if all <= limits.keep_bytes && number <= limits.keep_number {
                return;
            }
            let Some(largest) = by_key.values_mut().max_by_key(|of_key| of_key.bytes) else { return };
            largest.remove_oldest();
        }
    }

    /// What a request of a client names. Everything that is found counts as used now.
    pub(crate) fn recall(&self, key: &str, named: &Named, limits: &ResponsesConfig, now: Instant) -> Recalled {
        let mut by_key = self.lock();
        forget_old(&mut by_key, limits, now);
        let Some(of_key) = by_key.get_mut(key) else { return Recalled::default() };
        let conversation = named.previous.as_ref().and_then(|id| of_key.conversation(id, now));
        let found = named.items.iter().filter_map(|(_, id)| Some((id.clone(), of_key.item(id, now)?)));
        let items = found.collect();
        Recalled { conversation, items }
    }
}

fn forget_old(by_key: &mut BTreeMap<String, OfKey>, limits: &ResponsesConfig, now: Instant) {
    by_key.retain(|_, of_key| {
        while of_key.oldest().is_some_and(|entry| now.saturating_duration_since(entry.used) >= limits.keep) {
            of_key.remove_oldest();
        }
        !of_key.entries.is_empty()
    });
}

impl OfKey {
    fn use_now(&mut self, id: String) -> u64 {
        self.uses += 1;
        self.by_use.insert(self.uses, id);
        self.uses
    }

    fn oldest(&self) -> Option<&Entry> {
        self.entries.get(self.by_use.values().next()?)
    }

    fn remove_oldest(&mut self) {
        if let Some((_, id)) = self.by_use.pop_first()
            && let Some(entry) = self.entries.remove(&id)
        {
            self.bytes -= entry.bytes;
        }
    }

    fn remove(&mut self, id: &str) {
        if let Some(entry) = self.entries.remove(id) {
            self.bytes -= entry.bytes;
            self.by_use.remove(&entry.use_number);
        }
    }

    /// A response, which counts as used now.
    fn used(&mut self, id: &str, now: Instant) -> Option<&KeptResponse> {
        let before = self.entries.get(id)?.use_number;
        self.by_use.remove(&before);
        let use_number = self.use_now(id.to_owned());
        let entry = self.entries.get_mut(id)?;
        (entry.used, entry.use_number) = (now, use_number);
        Some(&entry.kept)
    }

    /// The items of a response and of all before it; none where one of them is gone.
    fn conversation(&mut self, id: &str, now: Instant) -> Option<Vec<ItemText>> {
        let mut turns = Vec::new();
        let mut next = Some(id.to_owned());
        while let Some(id) = next.take() {
            if turns.len() == LONGEST_CHAIN {
                return None;
            }
            let KeptResponse { previous, input, output } = self.used(&id, now)?;
            turns.push(input.iter().chain(output.iter().map(|(_, item)| item)).cloned().collect::<Vec<_>>());
            next = previous.clone();
        }
        Some(turns.into_iter().rev().flatten().collect())
    }

    /// An item of an answer. Its id holds the response's: `fc_ID_0` is of `resp_ID`.
    fn item(&mut self, id: &str, now: Instant) -> Option<ItemText> {
        let of = id.split('_').nth(1)?;
        let kept = self.used(&format!("resp_{of}"), now)?;
        kept.output.iter().find(|(known, _)| known == id).map(|(_, item)| Arc::clone(item))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn item(text: &str) -> ItemText {
        Arc::from(text)
    }

    fn kept(previous: Option<&str>, text: &str, id: &str) -> KeptResponse {
        KeptResponse {
            previous: previous.map(str::to_owned),
            input: vec![item(text)],
            output: vec![(format!("msg_{id}_0"), item(&format!("answer to {text}")))],
        }
    }

    fn previous(id: &str) -> Named {
        Named { previous: Some(id.to_owned()), items: Vec::new() }
    }

    fn texts(recalled: &Recalled) -> Option<Vec<String>> {
        let items = recalled.conversation.as_ref()?;
        Some(items.iter().map(|item| item.to_string()).collect())
    }

    #[test]
    fn a_conversation_is_all_responses_of_it_and_of_this_key() {
        let (memory, limits, now) = (KeptResponses::default(), ResponsesConfig::default(), Instant::now());
        memory.keep("a", "resp_1".to_owned(), kept(None, "x", "1"), &limits, now);
        memory.keep("a", "resp_2".to_owned(), kept(Some("resp_1"), "y", "2"), &limits, now);
        let recalled = memory.recall("a", &previous("resp_2"), &limits, now);
        assert_eq!(texts(&recalled).expect("it is kept"), ["x", "answer to x", "y", "answer to y"]);
        assert_eq!(texts(&memory.recall("b", &previous("resp_2"), &limits, now)), None);
        assert_eq!(texts(&memory.recall("a", &previous("resp_3"), &limits, now)), None);
        let ids = ["msg_2_0", "msg_2_1", "msg_3_0", "msg", ""].map(|id| (String::new(), id.to_owned()));
        let named = Named { previous: None, items: ids.to_vec() };
        let items = memory.recall("a", &named, &limits, now).items;
        assert_eq!(items.keys().collect::<Vec<_>>(), ["msg_2_0"]);
        assert!(memory.recall("b", &named, &limits, now).items.is_empty());
    }

    #[test]
    fn what_was_not_used_for_a_while_is_gone_and_with_it_what_continues_it() {
        let (memory, limits, start) = (KeptResponses::default(), ResponsesConfig::default(), Instant::now());
        let later = |part: u32| start + limits.keep * part / 4;
        memory.keep("a", "resp_1".to_owned(), kept(None, "x", "1"), &limits, start);
        memory.keep("a", "resp_2".to_owned(), kept(None, "y", "2"), &limits, start);
        assert!(texts(&memory.recall("a", &previous("resp_1"), &limits, later(3))).is_some());
        assert!(texts(&memory.recall("a", &previous("resp_2"), &limits, later(4))).is_none());
        assert!(texts(&memory.recall("a", &previous("resp_1"), &limits, later(6))).is_some());
        memory.keep("a", "resp_3".to_owned(), kept(Some("resp_0"), "z", "3"), &limits, later(6));
        assert!(texts(&memory.recall("a", &previous("resp_3"), &limits, later(6))).is_none());
    }

    #[test]
    fn bytes_and_number_are_bounded_and_the_largest_client_pays() {
        let limits = ResponsesConfig { keep: Duration::from_secs(60), keep_bytes: 4000, keep_number: 5 };
        let (memory, now) = (KeptResponses::default(), Instant::now());
        memory.keep("small", "resp_s".to_owned(), kept(None, "x", "s"), &limits, now);
        for number in 0..100 {
            let long = "l".repeat(100 * (number % 7));
            memory.keep("large", format!("resp_{number}"), kept(None, &long, "l"), &limits, now);
            let by_key = memory.lock();
            let bytes: usize = by_key.values().map(|of_key| of_key.bytes).sum();
            let sum = |of_key: &OfKey| of_key.entries.values().map(|entry| entry.bytes).sum::<usize>();
            assert_eq!(bytes, by_key.values().map(sum).sum::<usize>());
            assert!(bytes <= 4000, "{bytes}");
            assert!(by_key.values().map(|of_key| of_key.entries.len()).sum::<usize>() <= 5);
        }
        assert!(texts(&memory.recall("small", &previous("resp_s"), &limits, now)).is_some());
        assert!(texts(&memory.recall("large", &previous("resp_99"), &limits, now)).is_some());
        // What could not be kept beside nothing else is not kept, and costs no other its place.
        memory.keep("large", "resp_big".to_owned(), kept(None, &"l".repeat(4000), "b"), &limits, now);
        assert!(texts(&memory.recall("large", &previous("resp_big"), &limits, now)).is_none());
        let off = ResponsesConfig { keep: Duration::ZERO, ..limits };
        assert!(texts(&memory.recall("large", &previous("resp_99"), &off, now)).is_none());
    }
}
