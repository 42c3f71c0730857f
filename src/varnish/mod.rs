//! VSL records to transactions to requests and fetches, every version.
