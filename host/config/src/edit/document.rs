//! The text of a configuration, and edits of it that leave the rest as it is.

use jsonc_parser::cst::{
    CstArray, CstContainerNode, CstInputValue, CstLeafNode, CstNode, CstObject, CstObjectProp, CstRootNode,
    ObjectPropName,
};

use super::super::document::Fault;
use super::super::path::{Segment, Shown};
use super::super::syntax::{MAX_DEPTH, parse_for_edit};
use super::{EditError, EditValue};

/// A parsed text with all its spacing and comments.
pub(super) struct Document {
    root: CstRootNode,
    /// The text as it stands.
    text: String,
    /// Whether names of new members stand without quotes: those of the text's own first members do.
    bare_names: bool,
}

impl Document {
    /// Parses a text.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let root = parse(text)?;
        let first = root.object_value().and_then(|object| object.properties().first().and_then(CstObjectProp::name));
        Ok(Document { root, text: text.to_owned(), bare_names: matches!(first, Some(ObjectPropName::Word(_))) })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a value is there.
    pub(super) fn contains(&self, path: &[Segment]) -> bool {
        self.find(path).is_some()
    }

    fn find(&self, path: &[Segment]) -> Option<CstNode> {
        path.iter().try_fold(self.root.value()?, |at, segment| Container::of(Some(&at), segment)?.child()?.value())
    }

    pub(super) fn set(&mut self, path: &[Segment], EditValue(value): EditValue) -> Result<(), EditError> {
        if path.is_empty() {
            return Err(EditError::EmptyPath);
        }
        if path.len() + depth(&value) > MAX_DEPTH {
            return Err(EditError::TooDeep);
        }
        if self.root.value().is_none() {
            self.root.set_value(wrapped(path, 0, value)?);
            return self.settle();
        }
        let mut at = self.root.value();
        for (index, segment) in path.iter().enumerate() {
            let way = &path[..index];
            let container = Container::of(at.as_ref(), segment).ok_or_else(|| wrong_kind(way, segment))?;
            match container.child() {
                Some(child) if index + 1 == path.len() => {
                    self.style(child.replace_with(value));
                    return self.settle();
                }
                Some(child) => at = child.value(),
                None => {
                    if !container.can_be_added() {
                        return Err(no_such_element(&path[..=index]));
                    }
                    self.add(&container, wrapped(path, index + 1, value)?);
                    return self.settle();
                }
            }
        }
        Ok(())
    }

    pub(super) fn append(&mut self, path: &[Segment], value: EditValue) -> Result<(), EditError> {
        if path.is_empty() {
            return Err(EditError::EmptyPath);
        }
        let end: Vec<Segment> = path.iter().cloned().chain([Segment::Element(END)]).collect();
        self.set(&end, value)
    }

    pub(super) fn remove(&mut self, path: &[Segment]) -> Result<bool, EditError> {
        let (last, way) = path.split_last().ok_or(EditError::EmptyPath)?;
        let at = self.find(way);
        let mut was_there = false;
        // Members with one name one after the other, the last first; of a list, the one element.
        while let Some(child) = Container::of(at.as_ref(), last).and_then(|container| container.child()) {
            was_there = true;
            match child {
                Child::Member(property) => property.remove(),
                Child::Element(element) => {
                    element.remove();
                    break;
                }
            }
        }
        self.settle()?;
        Ok(was_there)
    }

    /// Reads the edited text again: names that were written without quotes are such from now on. An edit that made no JSON5 of
    /// it is taken back.
    fn settle(&mut self) -> Result<(), EditError> {
        let edited = self.root.to_string();
        match parse(&edited) {
            Ok(root) => {
                self.root = root;
                self.text = edited;
                Ok(())
            }
            Err(Fault { position, message, expected: _ }) => {
                if let Ok(root) = parse(&self.text) {
                    self.root = root;
                }
                Err(EditError::Unreadable { line: position.line, column: position.column, message })
            }
        }
    }

    fn add(&self, container: &Container<'_>, value: CstInputValue) {
        match container {
            Container::Object(object, name) => {
                let property = object.append(name, value);
                self.style_name(&property);
                self.style(property.value());
            }
            Container::List(list, _) => self.style(Some(list.append(value))),
        }
    }

    /// Writes the names in a new value as the text writes its own.
    fn style(&self, value: Option<CstNode>) {
        let Some(value) = value else { return };
        for property in value.as_object().map(|object| object.properties()).unwrap_or_default() {
            self.style_name(&property);
            self.style(property.value());
        }
        for element in value.as_array().map(|list| list.elements()).unwrap_or_default() {
            self.style(Some(element));
        }
    }

    fn style_name(&self, property: &CstObjectProp) {
        if let (true, Some(ObjectPropName::String(literal)), Some(name)) =
            (self.bare_names, property.name(), property.decoded_name())
            && needs_no_quotes(&name)
        {
            literal.set_raw_value(name);
        }
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Document").field("bare_names", &self.bare_names).finish_non_exhaustive()
    }
}

/// Stands for the place behind a list's last element.
const END: usize = usize::MAX;

fn parse(text: &str) -> Result<CstRootNode, Fault> {
    parse_for_edit(text).map_err(|error| Fault::of(&error, text))
}

/// An object or a list, and what of it is meant.
enum Container<'s> {
    Object(CstObject, &'s str),
    List(CstArray, usize),
}

impl<'s> Container<'s> {
    /// What a segment is of, where the node is of the kind that has such.
    fn of(node: Option<&CstNode>, segment: &'s Segment) -> Option<Self> {
        match segment {
            Segment::Member(name) => Some(Container::Object(node?.as_object()?, name)),
            Segment::Element(index) => Some(Container::List(node?.as_array()?, *index)),
        }
    }

    /// What is there. Of members with the same name the last counts.
    fn child(&self) -> Option<Child> {
        match self {
            Container::Object(object, name) => {
                let named = |property: &CstObjectProp| property.decoded_name().as_deref() == Some(name);
                object.properties().into_iter().rev().find(named).map(Child::Member)
            }
            Container::List(list, index) => list.elements().into_iter().nth(*index).map(Child::Element),
        }
    }

    /// Whether what is not there can be added: an element only behind the last one.
    fn can_be_added(&self) -> bool {
        match self {
            Container::Object(..) => true,
            Container::List(list, index) => *index == END || *index == list.elements().len(),
        }
    }
}

enum Child {
    Member(CstObjectProp),
    Element(CstNode),
}

impl Child {
    fn value(&self) -> Option<CstNode> {
        match self {
            Child::Member(property) => property.value(),
            Child::Element(element) => Some(element.clone()),
        }
    }

    /// Puts a value in the place of the one that is there, and gives it as a node.
    fn replace_with(self, value: CstInputValue) -> Option<CstNode> {
        match self {
            Child::Member(property) => {
                property.set_value(value);
                property.value()
            }
            Child::Element(element) => replace(element, value),
        }
    }
}

/// How deep objects and lists lie in each other.
fn depth(value: &CstInputValue) -> usize {
    match value {
        CstInputValue::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        CstInputValue::Object(members) => 1 + members.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        CstInputValue::Null | CstInputValue::Bool(_) | CstInputValue::Number(_) | CstInputValue::String(_) => 0,
    }
}

/// A value within the objects and lists that `path[from..]` needs around it.
fn wrapped(path: &[Segment], from: usize, value: CstInputValue) -> Result<CstInputValue, EditError> {
    let mut value = value;
    for (index, segment) in path.iter().enumerate().skip(from).rev() {
        value = match segment {
            Segment::Member(name) => CstInputValue::Object(vec![(name.clone(), value)]),
            Segment::Element(0 | END) => CstInputValue::Array(vec![value]),
            Segment::Element(_) => return Err(no_such_element(&path[..=index])),
        };
    }
    Ok(value)
}

fn no_such_element(path: &[Segment]) -> EditError {
    EditError::NoSuchElement { path: Shown(path).to_string() }
}

/// A value is not what a segment could be of.
fn wrong_kind(path: &[Segment], segment: &Segment) -> EditError {
    let expected = match segment {
        Segment::Member(_) => "an object",
        Segment::Element(_) => "a list",
    };
    EditError::WrongKind { path: Shown(path).to_string(), expected }
}

/// Puts a value in the place of an element.
fn replace(element: CstNode, value: CstInputValue) -> Option<CstNode> {
    match element {
        CstNode::Container(CstContainerNode::Object(object)) => object.replace_with(value),
        CstNode::Container(CstContainerNode::Array(list)) => list.replace_with(value),
        CstNode::Leaf(CstLeafNode::StringLit(literal)) => literal.replace_with(value),
        CstNode::Leaf(CstLeafNode::NumberLit(literal)) => literal.replace_with(value),
        CstNode::Leaf(CstLeafNode::BooleanLit(literal)) => literal.replace_with(value),
        CstNode::Leaf(CstLeafNode::NullKeyword(literal)) => literal.replace_with(value),
        CstNode::Leaf(CstLeafNode::WordLit(literal)) => literal.replace_with(value),
        // Elements are values, and those are all the kinds of values.
        CstNode::Container(CstContainerNode::Root(_) | CstContainerNode::ObjectProp(_))
        | CstNode::Leaf(
            CstLeafNode::Token(_) | CstLeafNode::Whitespace(_) | CstLeafNode::Newline(_) | CstLeafNode::Comment(_),
        ) => None,
    }
}

/// Whether a name can stand without quotes everywhere that reads JSON5.
fn needs_no_quotes(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '$');
    let begins_with_a_digit = name.starts_with(|character: char| character.is_ascii_digit());
    let is_a_word_of_its_own = matches!(name, "true" | "false" | "null" | "Infinity" | "NaN");
    !name.is_empty() && name.chars().all(plain) && !begins_with_a_digit && !is_a_word_of_its_own
}
