//! Calls for help. In: what a tail knows, moment by moment, and the configuration; out: notices, sent to webhooks,
//! chats, pagers and mailboxes. It must not know logs, the database or the screen; what is to be sent it gets from an
//! outbox that its caller keeps.
