//! Work that nobody who goes away cuts off.

/// Runs to its end even when the one who waits for it goes away: every command that does more than one thing runs so.
pub(crate) async fn own_task<P, T, E, F>(part: &P, work: impl FnOnce(P) -> F) -> Result<T, E>
where
    P: Clone,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: From<tokio::task::JoinError> + Send + 'static,
{
    tokio::spawn(work(part.clone())).await?
}
