//! Paths of members, as people write them.

/// Where a value is in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// All of it: `models.bedrockDiscovery.region`, `models.providers.amazon-bedrock.models[0].id`. Names that have a dot
    /// or another sign of this notation in them stand in quotes.
    pub(super) full: String,
    /// The last part of it, for sentences about the value.
    pub(super) name: String,
}

impl Path {
    /// The path of the whole document.
    pub(super) fn root() -> Self {
        Path { full: String::new(), name: "the configuration".to_owned() }
    }

    /// The path of a member of the object at this path.
    pub(super) fn member(&self, name: &str) -> Self {
        let name = quoted_where_needed(name);
        let full = if self.full.is_empty() { name.clone() } else { format!("{}.{name}", self.full) };
        Path { full, name }
    }

    /// The path of an element of the list at this path.
    pub(super) fn element(&self, index: usize) -> Self {
        Path { full: format!("{}[{index}]", self.full), name: format!("{}[{index}]", self.name) }
    }
}

/// The most characters of a name that stand in a path. Every member of an object has the object's name in its path, so names without
/// end would make much of little.
const MOST_OF_A_NAME: usize = 200;

/// A member's name as it stands in a path.
pub(super) fn quoted_where_needed(name: &str) -> String {
    if let Some((end, _)) = name.char_indices().nth(MOST_OF_A_NAME) {
        return quoted_where_needed(&name[..end]) + "…";
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn names_with_signs_of_the_notation_stand_in_quotes() {
        let path = Path::root().member("models").member("amazon-bedrock/a.b").member("x").element(2);
        assert_eq!(path.full, "models.\"amazon-bedrock/a.b\".x[2]");
        assert_eq!(path.name, "x[2]");
        assert_eq!(Path::root().member("a\"b").full, "\"a\\\"b\"");
        assert_eq!(Path::root().member(&"é".repeat(300)).full, "é".repeat(200) + "…");
    }
}
