//! What the environment says of the connection.

use super::settle::Layer;
use super::{BASE_URL_VARIABLE, Found, REGION_VARIABLES, endpoint};
use crate::contract::config::{Place, Problem, Severity};
use crate::environment::Environment;

/// Reads the variables. A blank one counts as not set.
pub(super) fn read(environment: &Environment) -> Layer {
    let mut layer = Layer::default();
    let [region, aws_region, aws_default_region] = REGION_VARIABLES
        .map(|name| checked(&mut layer.problems, environment, name, |text| endpoint::fault_of_region(name, text)));
    let base_url = checked(&mut layer.problems, environment, BASE_URL_VARIABLE, |url| {
        let fault = endpoint::fault_of_base_url(url)?;
        Some((Severity::Error, format!("{BASE_URL_VARIABLE} {fault}"), endpoint::A_BASE_URL.to_owned()))
    });
    Layer { region, aws_region, aws_default_region, base_url, ..layer }
}

/// A variable's value, where it is set and there is no error in it.
fn checked(
    problems: &mut Vec<Problem>,
    environment: &Environment,
    name: &str,
    fault: impl Fn(&str) -> Option<(Severity, String, String)>,
) -> Option<Found<String>> {
    let value = environment.get(name)?;
    let place = Place { layer: "environment".to_owned(), source: name.to_owned(), line: 0, column: 0 };
    if let Some((severity, message, expected)) = fault(value) {
        problems.push(Problem { severity, place: place.clone(), path: name.to_owned(), message, expected });
        if severity == Severity::Error {
            return None;
        }
    }
    Some(Found { value: value.to_owned(), place })
}
