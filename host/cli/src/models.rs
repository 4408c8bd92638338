//! `quarry models`.

mod asked;
mod known;
mod list;
mod lookup;
mod sheet;
mod show;
mod text;

pub(crate) use self::list::list;
pub(crate) use self::show::show;
