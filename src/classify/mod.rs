//! Cause rules to rulings and explanations.
