//! A body against the model.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::violation::{MOST, Rule, Step, Violation};
use super::{Pattern, ServiceModel, Shape};

/// A least and a greatest length or number.
type Bounds = (Option<f64>, Option<f64>);

pub(super) fn violations(model: &ServiceModel, shape: &str, body: &Value) -> Vec<Violation> {
    let mut check = Check { model, path: Vec::new(), found: Vec::new() };
    check.value(shape, body);
    check.found
}

/// One walk through a body. The model has no shape that holds itself, so its depth is bounded whatever the body's is.
struct Check<'a> {
    model: &'a ServiceModel,
    path: Vec<Step>,
    found: Vec<Violation>,
}

impl<'a> Check<'a> {
    fn broken(&mut self, rule: Rule) {
        if self.found.len() < MOST {
            self.found.push(Violation { path: self.path.clone(), rule });
        }
    }

    fn at(&mut self, step: Step, check: impl FnOnce(&mut Self)) {
        self.path.push(step);
        check(self);
        self.path.pop();
    }

    fn value(&mut self, shape: &str, value: &Value) {
        match (&self.model.shapes[shape], value) {
            (Shape::Structure { document: true, .. }, _) => {}
            (Shape::Structure { union, members, required, document: false }, Value::Object(given)) => {
                self.structure(members, required, *union, given);
            }
            (Shape::Structure { .. }, _) => self.broken(Rule::Type("an object")),
            (Shape::List { member, min, max }, Value::Array(items)) => {
                self.length((*min, *max), items.len(), "elements");
                for (index, item) in items.iter().enumerate() {
                    self.at(Step::Element(index), |check| check.value(member, item));
                }
            }
            (Shape::List { .. }, _) => self.broken(Rule::Type("a list")),
            (Shape::Map { key, value, min, max }, Value::Object(given)) => {
                self.length((*min, *max), given.len(), "members");
                for (name, item) in given {
                    self.at(Step::Member(name.clone()), |check| {
                        check.value(key, &Value::String(name.clone()));
                        check.value(value, item);
                    });
                }
            }
            (Shape::Map { .. }, _) => self.broken(Rule::Type("an object")),
            (Shape::String { values, pattern, min, max }, Value::String(text)) => {
                self.text(values, pattern.as_ref(), (*min, *max), text);
            }
            (Shape::String { .. }, _) => self.broken(Rule::Type("a string")),
            (Shape::Blob { min, max }, Value::String(text)) => match STANDARD.decode(text) {
                Ok(bytes) => self.length((*min, *max), bytes.len(), "bytes"),
                Err(_) => self.broken(Rule::Base64),
            },
            (Shape::Blob { .. }, _) => self.broken(Rule::Type("a string")),
            // The wire has 32 bits for it.
            (Shape::Integer { min, max }, Value::Number(number)) => match number.as_i64().map(i32::try_from) {
                Some(Ok(whole)) => self.range((*min, *max), f64::from(whole)),
                _ => self.broken(Rule::Type("a whole number of 32 bits")),
            },
            (Shape::Integer { .. }, _) => self.broken(Rule::Type("a whole number of 32 bits")),
            (Shape::Float { min, max }, Value::Number(number)) => {
                self.range((*min, *max), number.as_f64().unwrap_or(f64::NAN))
            }
            (Shape::Float { .. }, _) => self.broken(Rule::Type("a number")),
            (Shape::Boolean {}, Value::Bool(_)) => {}
            (Shape::Boolean {}, _) => self.broken(Rule::Type("true or false")),
        }
    }

    fn structure(
        &mut self,
        members: &'a std::collections::BTreeMap<String, String>,
        required: &'a [String],
        is_union: bool,
        given: &Map<String, Value>,
    ) {
        // A member that is null is as if it were not there (Smithy, of structures in JSON).
        let is_set = |name: &str| given.get(name).is_some_and(|value| !value.is_null());
        if is_union && members.keys().filter(|name| is_set(name)).count() != 1 {
            self.broken(Rule::Union(members.keys().cloned().collect()));
        }
        for name in required.iter().filter(|name| !is_set(name)) {
            self.at(Step::Member(name.clone()), |check| check.broken(Rule::Missing));
        }
        for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            self.at(Step::Member(name.clone()), |check| match members.get(name) {
                Some(shape) => check.value(shape, value),
                None => check.broken(Rule::Unknown),
            });
        }
    }

    fn text(&mut self, values: &[String], pattern: Option<&Pattern>, length: Bounds, text: &str) {
        if !values.is_empty() && !values.iter().any(|value| value == text) {
            self.broken(Rule::Enum(values.to_vec()));
        }
        self.length(length, text.chars().count(), "characters");
        if let Some(pattern) = pattern.filter(|pattern| !pattern.whole.is_match(text)) {
            self.broken(Rule::Pattern(pattern.text.clone()));
        }
    }

    fn length(&mut self, (min, max): Bounds, length: usize, what: &'static str) {
        // Lengths of the model are whole numbers far below 2^53.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are whole and not negative")]
        let bound = |bound: Option<f64>| bound.map(|bound| bound as usize);
        match (bound(min), bound(max)) {
            (Some(least), _) if length < least => self.broken(Rule::Shorter(least, what)),
            (_, Some(most)) if length > most => self.broken(Rule::Longer(most, what)),
            _ => {}
        }
    }

    fn range(&mut self, (min, max): Bounds, number: f64) {
        if let Some(least) = min.filter(|least| number < *least) {
            self.broken(Rule::Below(least));
        }
        if let Some(most) = max.filter(|most| number > *most) {
            self.broken(Rule::Above(most));
        }
    }
}
