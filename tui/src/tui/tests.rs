//! Screens, keys and hostile input, without a terminal.

mod behaviour;
mod bounds;
mod program;
mod restored;
mod scene;
mod screens;
mod speed;
mod stage;
