//! The store from outside: laws of saving, crashes, strange files, questions, and the schema as others read it.

#[path = "store/asking.rs"]
mod asking;
#[path = "store/crash.rs"]
mod crash;
#[path = "store/deciding.rs"]
mod deciding;
#[path = "store/files.rs"]
mod files;
#[path = "store/going_on.rs"]
mod going_on;
#[path = "store/laws.rs"]
mod laws;
#[path = "store/outbox.rs"]
mod outbox;
#[path = "store/review.rs"]
mod review;
#[path = "store/saving.rs"]
mod saving;
#[path = "store/schema.rs"]
mod schema;
#[path = "store/support.rs"]
mod support;
