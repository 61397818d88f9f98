//! Reads the TOML file into the model.
