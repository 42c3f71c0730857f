//! What people read, looked at as snapshots, and the laws of every screen: its size, its safety, its colour.

#[path = "view/believable.rs"]
mod believable;
#[path = "view/contract.rs"]
mod contract;
#[path = "view/documents.rs"]
mod documents;
#[path = "view/hostile.rs"]
mod hostile;
#[path = "view/snapshots.rs"]
mod snapshots;
