//! A Report or an Incident to text, JSON, CSV.
