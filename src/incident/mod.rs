//! Failures to incidents.
