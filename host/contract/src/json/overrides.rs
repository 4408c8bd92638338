//! Values given as what differs from a default.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The default with the members of `overrides` in their places. Objects are merged member by member, everything else is
/// replaced; `null` takes an optional member away.
///
/// # Errors
/// What the form does not take: an unknown member, a value of another type.
pub fn overridden<T: Serialize + DeserializeOwned>(default: &T, overrides: Value) -> Result<T, serde_json::Error> {
    let mut whole = serde_json::to_value(default)?;
    put_over(&mut whole, overrides);
    serde_json::from_value(whole)
}

/// Merges one value over another.
fn put_over(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                match (value, under.get_mut(&name)) {
                    (Value::Null, _) => drop(under.remove(&name)),
                    (value, Some(place)) => put_over(place, value),
                    (value, None) => drop(under.insert(name, value)),
                }
            }
        }
        (under, over) => *under = over,
    }
}
