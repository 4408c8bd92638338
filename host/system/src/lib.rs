//! What the parts of Quarry need of the machine that they run on: its environment, its files, its addresses, its terminals, and the
//! record of a process that died.

pub mod crash;
pub mod digest;
pub mod environment;
pub mod files;
pub mod printable;
pub mod reach;
pub mod similar;
