//! What the tests and benches share: the guest's code run natively, behind the interface that conformance checks run against, and
//! a version of the contract that is not published.

pub mod native;
pub mod next_contract;
