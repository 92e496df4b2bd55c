//! `wgtrace tui`: what happens on the nodes, live, on a terminal.
//!
//! What happens goes in as messages, the screen comes out: [`app::App::update`] takes a message and the time and says
//! what is to be done, [`views::draw`] draws and changes nothing. Only [`screen`], [`wire`], [`replay`] and the loop in [`run`](mod@run) touch the world.

mod app;
mod clock;
mod keys;
mod model;
mod msg;
mod replay;
mod run;
mod screen;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod units;
mod views;
mod wire;

pub(crate) use self::wire::{TuiArgs, run};
