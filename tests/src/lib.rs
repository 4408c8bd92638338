//! What the tests and benches share: the guest's code run natively, behind the interface that conformance checks run against.

pub mod native;
