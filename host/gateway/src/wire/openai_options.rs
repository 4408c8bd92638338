//! Options that chat completions and responses share.

use super::reader::Object;

/// `prompt_cache_retention`, in the provider's terms.
pub(crate) fn cache_retention(body: &Object<'_, '_>) -> Option<String> {
    let retention = one_of(body, "prompt_cache_retention", &["in_memory", "in-memory", "24h"])?;
    Some(if retention == "24h" { "long" } else { "short" }.to_owned())
}

/// `service_tier`, in Bedrock's terms. `reserved` is Bedrock's own; `auto` leaves the choice to the project's settings, which is
/// what an absent tier does.
pub(crate) fn service_tier(body: &Object<'_, '_>) -> Option<String> {
    let tier = one_of(body, "service_tier", &["auto", "default", "flex", "priority", "fast", "reserved"])?;
    match tier.as_str() {
        "auto" => None,
        "fast" => Some("priority".to_owned()),
        _ => Some(tier),
    }
}

/// A text that must be one of these.
pub(crate) fn one_of(of: &Object<'_, '_>, name: &str, known: &[&str]) -> Option<String> {
    let given = of.string(name)?;
    if known.contains(&given.as_str()) {
        return Some(given);
    }
    of.reader()
        .problem(of.path_of(name), format!("`{given}` is not a known value; expected one of `{}`", known.join("`, `")));
    None
}
