//! Versions of the provider in a gateway that runs, with providers that misbehave.

#[path = "../../../../../tests/guests/building.rs"]
mod building;
#[path = "../../cli/support/provider.rs"]
mod components;
mod figures;
mod guests;
mod place;
mod side_by_side;
mod streams;

mod accepted;
mod adversary;
mod cancelled;
mod commands;
mod crashes;
mod deadline;
mod downgrade;
mod elsewhere;
mod full;
mod going_back;
mod hostile;
mod kills;
mod large;
mod looping;
mod merged;
mod past;
mod pinned;
mod port;
mod quarantine;
mod recordings;
mod refusals;
mod reloaded;
mod replayed;
mod restarts;
mod shadowed;
mod speed;
mod spinning;
mod swapping;
mod text;
mod trial;
mod trusted;
mod untrusted;
mod watched;
