//! Our own metrics on their way to a collector: every counter and gauge of the registry, under its name there.
//!
//! OpenTelemetry has no histogram that is observed, so ours are not among them: the conventions' histograms in [`super::gen_ai`] have
//! the same times.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

/// How long one rendering of the metrics counts: all instruments of a collection are read from it.
const FRESH: Duration = Duration::from_secs(1);

/// Renders the metrics as they are now.
pub(super) type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// The metrics as they were a moment ago.
struct Recent {
    render: Render,
    last: Mutex<Option<(Instant, Arc<str>)>>,
}

impl Recent {
    fn text(&self) -> Arc<str> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, text)) if at.elapsed() < FRESH => Arc::clone(text),
            _ => {
                let text: Arc<str> = (self.render)().into();
                *last = Some((Instant::now(), Arc::clone(&text)));
                text
            }
        }
    }
}

/// A family of the OpenMetrics text.
#[derive(Debug, Default)]
struct Family<'t> {
    name: &'t str,
    kind: &'t str,
    help: &'t str,
    unit: &'t str,
}

/// Makes an instrument of each counter and gauge in `catalog`, the text of a registry that has a series of every family.
pub(super) fn observe(meter: &Meter, render: Render, catalog: &str) {
    let recent = Arc::new(Recent { render, last: Mutex::default() });
    for Family { name, kind, help, unit } in families(catalog) {
        let (sample, recent) =
            (if kind == "counter" { format!("{name}_total") } else { name.to_owned() }, Arc::clone(&recent));
        let unit = match unit {
            "bytes" => "By",
            other => other,
        };
        let (name, help, unit) = (name.to_owned(), help.trim_end_matches('.').to_owned(), unit.to_owned());
        // An instrument lives with its meter, whatever becomes of what stands for it here.
        match kind {
            "counter" => {
                let counter = meter.u64_observable_counter(name).with_description(help).with_unit(unit);
                let _ = counter.with_callback(observing(recent, sample)).build();
            }
            "gauge" => {
                let gauge = meter.i64_observable_gauge(name).with_description(help).with_unit(unit);
                let _ = gauge.with_callback(observing(recent, sample)).build();
            }
            _ => {}
        }
    }
}

/// Passes the samples of this name to an instrument.
fn observing<T>(recent: Arc<Recent>, sample: String) -> impl Fn(&dyn AsyncInstrument<T>) + Send + Sync + 'static
where
    T: FromStr + Default + 'static,
{
    move |observer: &dyn AsyncInstrument<T>| {
        for (value, labels) in samples(&recent.text(), &sample) {
            observer.observe(value.parse().unwrap_or_default(), &labels);
        }
    }
}

fn families(text: &str) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        let (Some("#"), Some(what), Some(name), Some(rest)) = (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        if families.last().is_none_or(|last| last.name != name) {
            families.push(Family { name, ..Family::default() });
        }
        if let Some(family) = families.last_mut() {
            match what {
                "TYPE" => family.kind = rest,
                "HELP" => family.help = rest,
                "UNIT" => family.unit = rest,
                _ => {}
            }
        }
    }
    families
}

/// The samples of this name: the value and the labels.
fn samples<'t>(text: &'t str, name: &str) -> impl Iterator<Item = (&'t str, Vec<KeyValue>)> {
    text.lines().filter_map(move |line| {
        let rest = line.strip_prefix(name)?;
        let (labels, value) = rest.rsplit_once(' ')?;
        match labels.strip_prefix('{') {
            Some(labels) => Some((value, read_labels(labels))),
            None => labels.is_empty().then(|| (value, Vec::new())),
        }
    })
}

/// Reads `name="value",…}`; values have `\\`, `\"` and `\n` in place of what would end them.
fn read_labels(text: &str) -> Vec<KeyValue> {
    let mut labels = Vec::new();
    let mut rest = text;
    while let Some((name, value)) = rest.split_once("=\"") {
        let mut read = String::new();
        let mut characters = value.char_indices();
        let end = loop {
            match characters.next() {
                Some((at, '"')) => break at + 1,
                Some((_, '\\')) => match characters.next() {
                    Some((_, 'n')) => read.push('\n'),
                    Some((_, other)) => read.push(other),
                    None => break value.len(),
                },
                Some((_, other)) => read.push(other),
                None => break value.len(),
            }
        };
        labels.push(KeyValue::new(name.trim_start_matches(',').to_owned(), read));
        rest = &value[end..];
    }
    labels
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;

    use super::{read_labels, samples};

    #[test]
    fn labels_read_back_whatever_is_in_them() {
        let read = read_labels(r#"a="x",odd="a \"model\" with , a \\ and a\nbreak=",b=""}"#);
        let wanted = [("a", "x"), ("odd", "a \"model\" with , a \\ and a\nbreak="), ("b", "")];
        assert_eq!(read, wanted.map(|(name, value)| KeyValue::new(name, value)));
        let text = "x_total 1\nx_total{a=\"1 2\"} 3\nx_totals 4\nx 5\n";
        let found: Vec<_> = samples(text, "x_total").collect();
        assert_eq!(found, [("1", vec![]), ("3", vec![KeyValue::new("a", "1 2")])]);
    }
}
