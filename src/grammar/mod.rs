//! Format files to programs, programs to events: detection, fields, timestamps.
