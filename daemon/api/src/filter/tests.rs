mod completion;
mod errors;
mod meaning;
mod model;
