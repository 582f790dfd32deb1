//! Questions, asked one at a time: the thread of the test waits for the answer.

use std::{sync::Arc, thread};

use application::{
    Application, Loaded, ReadError, Reader,
    proofs::feed::{FeedFilter, FeedPage},
    tickets::{
        as_of::AsOf,
        threads::{Page, Start},
    },
};

use domain::{
    Language, TicketKey,
    policy::{Shown, Viewer},
    ticket::{Stamp, TicketEvent},
};
use event_log::{Position, Version};
use views::history::Entry;

/// How many a page holds where nobody asks for the pages themselves.
const LIMIT: usize = 200;

pub(crate) trait Asking {
    fn asks<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader<'_, Application>) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError>;

    fn ticket(&self, viewer: &Viewer, key: &TicketKey) -> Result<Arc<Loaded>, ReadError> {
        self.ticket_as_of(viewer, key, None)
    }

    fn ticket_as_of(
        &self,
        viewer: &Viewer,
        key: &TicketKey,
        as_of: Option<AsOf>,
    ) -> Result<Arc<Loaded>, ReadError> {
        let (viewer, key) = (viewer.clone(), key.clone());
        self.asks(move |reader| {
            let shown = reader.tickets().ticket_as_of(&viewer, &key, as_of)?;
            Ok(shown.into_inner())
        })
    }

    fn feed(
        &self,
        viewer: &Viewer,
        filter: &FeedFilter,
        after: Position,
        limit: usize,
    ) -> Result<FeedPage, ReadError> {
        let (viewer, filter) = (viewer.clone(), filter.clone());
        self.asks(move |reader| reader.proofs().feed(&viewer, &filter, after, limit))
    }

    fn events_page(
        &self,
        viewer: &Viewer,
        loaded: &Arc<Loaded>,
        page: (Start, usize),
    ) -> Result<Page<(Stamp, TicketEvent)>, ReadError> {
        let (viewer, loaded) = (viewer.clone(), Arc::clone(loaded));
        self.asks(move |reader| {
            reader.tickets().events(&viewer, &loaded, page, |happened| {
                Some((happened.stamp.clone(), happened.event.clone()))
            })
        })
    }

    fn history_page(
        &self,
        viewer: &Viewer,
        loaded: &Arc<Loaded>,
        page: (Start, usize),
    ) -> Result<Page<Entry>, ReadError> {
        let (viewer, loaded) = (viewer.clone(), Arc::clone(loaded));
        self.asks(move |reader| {
            let page = reader.tickets().history(&viewer, &loaded, Language::Fr, page)?;
            Ok(Page {
                items: page.items.into_iter().map(Shown::into_inner).collect(),
                next: page.next,
            })
        })
    }

    /// All that this viewer may read after a version.
    fn events_of(
        &self,
        viewer: &Viewer,
        loaded: &Arc<Loaded>,
        after: Version,
    ) -> Result<Vec<(Stamp, TicketEvent)>, ReadError> {
        all(Start::After(after), |start| {
            self.events_page(viewer, loaded, (start, LIMIT))
        })
    }

    /// The whole history after a version, in French.
    fn history_of(
        &self,
        viewer: &Viewer,
        loaded: &Arc<Loaded>,
        after: Version,
    ) -> Result<Vec<Entry>, ReadError> {
        all(Start::After(after), |start| {
            self.history_page(viewer, loaded, (start, LIMIT))
        })
    }
}

impl Asking for Application {
    fn asks<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader<'_, Application>) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let application = self.clone();
        // Whatever runtime the test has, this thread is none of it.
        let asked = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(application.read(question))
        });
        asked.join().unwrap()
    }
}

/// All pages from one on.
pub(crate) fn all<T>(
    start: Start,
    ask: impl Fn(Start) -> Result<Page<T>, ReadError>,
) -> Result<Vec<T>, ReadError> {
    let (mut items, mut next) = (Vec::new(), Some(start));
    while let Some(start) = next {
        let page = ask(start)?;
        items.extend(page.items);
        next = page.next;
    }
    Ok(items)
}
