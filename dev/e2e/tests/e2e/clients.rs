//! Real clients and their cookie jars.
