//! Screens, keys and hostile input, without a terminal.

mod behaviour;
mod bounds;
mod program;
mod scene;
mod screens;
mod speed;
mod stage;
