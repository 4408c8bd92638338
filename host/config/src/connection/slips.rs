//! Misspelt names of the objects that lead to settings. Nothing reads such a member, and other programs may own any other name,
//! so only a name that is one edit away from a missing one is reported.

use super::super::document::{Member, Node};
use crate::contract::config::Position;

/// Objects on the way to settings, with the names that are read in them. The provider reports names below `models`.
const READ: [(&[&str], &[&str]); 3] = [
    (&[], &["agents", "models", "plugins", "quarry"]),
    (&["agents"], &["defaults"]),
    (&["agents", "defaults"], &["model", "models"]),
];

/// A misspelt name.
pub(super) struct Slip<'d> {
    /// The path of the member.
    pub(super) path: Vec<&'d str>,
    /// The position of its name.
    pub(super) position: Position,
    /// The name that is read.
    pub(super) meant: &'static str,
}

/// The misspelt names of a document.
pub(super) fn slips(root: &Node) -> Vec<Slip<'_>> {
    READ.iter().flat_map(|(path, names)| slips_at(root, path, names)).collect()
}

fn slips_at<'d>(root: &'d Node, path: &'static [&'static str], names: &'static [&'static str]) -> Vec<Slip<'d>> {
    let Some(object) = path.iter().try_fold(root, |node, name| Some(&node.member(name)?.node)) else {
        return Vec::new();
    };
    let missing: Vec<&'static str> = names.iter().copied().filter(|name| object.member(name).is_none()).collect();
    let slip = |member: &'d Member| {
        let name = member.name.as_str();
        let near = |meant: &&&str| name.len() <= meant.len() + 1 && strsim::osa_distance(name, meant) == 1;
        let meant = missing.iter().find(near).filter(|_| !names.contains(&name))?;
        let path = path.iter().copied().chain([name]).collect();
        Some(Slip { path, position: member.position, meant })
    };
    object.members().iter().filter_map(slip).collect()
}
