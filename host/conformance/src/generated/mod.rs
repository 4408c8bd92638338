//! Inputs that the host makes itself, so that two versions are compared on more than the cases that somebody wrote.
//!
//! They are in the contract's types, follow from nothing but the models that the caller adds, and know no rule of a provider:
//! every option alone, options that are known to interact in pairs, every kind of content, streams with every kind of event and
//! every way to end, errors by status, name and message, layers of configuration and listings.
//!
//! A rule of a provider is mostly one of a family of models. Every public model gets the `preparations` that hold the most
//! options; one model of each series, by the letters of its id, gets all of them.

mod contexts;
mod errors;
mod events;
mod layers;
mod listings;
pub mod models;
mod options;
mod preparations;
mod streams;

use super::cost::inputs::Input;
use crate::contract::types::Model;

/// A made-up input.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The call, what is special, and the model where it matters: `prepare/temperature+thinking/us.amazon.nova-pro-v1:0`.
    pub name: String,
    /// The region that a request or a listing is for.
    pub region: String,
    /// The argument of the call.
    pub input: Input,
}

/// All inputs, the same at every call with the same models. `models` are those that the caller knows besides the public ones: of
/// the configuration, of a listing, of a version's own cases ([`models::of_cases`]). At most [`models::MOST_ADDED`] of them count.
#[must_use]
pub fn inputs(models: &[Model]) -> Vec<Generated> {
    let models = models::Models::with(models);
    let mut inputs = preparations::all(&models);
    inputs.extend(streams::all());
    inputs.extend(errors::all());
    inputs.extend(layers::all(&models));
    inputs.extend(listings::all(&models));
    inputs
}

/// The region of inputs that have no reason for another.
const REGION: &str = "us-east-1";

fn generated(name: impl Into<String>, input: Input) -> Generated {
    Generated { name: name.into(), region: REGION.to_owned(), input }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn inputs_are_the_same_each_time_and_have_names_of_their_own() {
        let inputs = inputs(&[]);
        let names: BTreeSet<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        assert_eq!(names.len(), inputs.len(), "two inputs have one name");
        assert_eq!(format!("{inputs:?}"), format!("{:?}", super::inputs(&[])));
        assert!(inputs.len() < 4500, "{} inputs take too long in the gate", inputs.len());
    }

    #[test]
    fn a_model_of_the_caller_gets_inputs_and_too_many_are_left_out() {
        let model = |number: usize| Model { id: format!("vendor.series{number}"), ..models::wide("") };
        let many: Vec<Model> = (0..10 * models::MOST_ADDED).map(model).collect();
        let (none, one, all) = (inputs(&[]).len(), inputs(&many[..1]), inputs(&many).len());
        assert!(one.iter().any(|input| input.name == "prepare/thinking-high/vendor.series0"));
        assert!(one.len() > none + 10 && all < 2 * none, "{none}, {}, {all}", one.len());
    }
}
