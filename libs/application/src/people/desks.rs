//! Publishing desks, and changing the lists that their fields choose from.

use chrono::{DateTime, Utc};
use domain::{
    DeskKey, Detail, Event, Fault, FaultText,
    desk::{self, Desk, DeskEvent, definition::Choice},
    ticket::Rejection,
};
use event_log::{Channel, Position, Version};

use crate::{
    kernel::{
        call::Call,
        error::ExecuteError,
        lanes::Targets,
        task::own_task,
        writes::{Made, Write, Written},
    },
    people::People,
};

impl People {
    /// Publishes the desks that ship with the product. Done at every start: what is published stays.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn publish_shipped_desks(&self, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        for desk in desk::shipped().map_err(ExecuteError::internal)? {
            let definition = desk.definition();
            if self
                .kernel
                .directory
                .desk_version(&definition.key, definition.version)
                .is_none()
            {
                self.publish_desk(self.kernel.system_call(at, Channel::Admin), &desk)
                    .await?;
            }
        }
        Ok(())
    }

    /// Publishes a desk's definition, unless that version is published.
    ///
    /// # Errors
    /// [`ExecuteError::Stale`] when a newer version is published; otherwise see [`ExecuteError`].
    pub async fn publish_desk(&self, call: Call, desk: &Desk) -> Result<Made, ExecuteError> {
        let definition = desk.definition();
        let committed = self
            .kernel
            .carry_out(&call, &Targets::PEOPLE, &|_| {
                let published = self.kernel.directory.desk_versions(&definition.key);
                if published.contains(&definition.version) {
                    return Ok(Vec::new());
                }
                let newest = published.iter().max().copied().unwrap_or(0);
                if newest > definition.version {
                    return Err(ExecuteError::Stale {
                        expected: Version(u64::from(definition.version)),
                        actual: Version(u64::from(newest)),
                    });
                }
                let event = Event::Desk(DeskEvent::Published {
                    definition: Box::new(definition.clone()),
                });
                let stream = format!("desk-{}", definition.key);
                Ok(vec![Write::after(published.len() as u64, stream, vec![event])])
            })
            .await?;
        Ok(committed.made())
    }

    /// Adds or changes values of a list that stands apart. Answers where the last event of the change stands, and how many values
    /// were changed; neither when all was so already.
    ///
    /// # Errors
    /// [`ExecuteError::NotFound`] when the desk has no such list; otherwise see [`ExecuteError`].
    pub async fn change_list(
        &self,
        call: Call,
        desk: &DeskKey,
        list: &str,
        values: Vec<Choice>,
    ) -> Result<Option<(Position, usize)>, ExecuteError> {
        let (desk, list) = (desk.clone(), list.to_owned());
        own_task(self, |this| async move {
            let outcome = this
                .kernel
                .carry_out(&call, &Targets::PEOPLE, &|_| {
                    this.list_writes(&call, &desk, &list, &values)
                })
                .await?;
            Ok(outcome.written().map(|written| (written.last, changed(written))))
        })
        .await
    }

    fn list_writes(
        &self,
        call: &Call,
        key: &DeskKey,
        list: &str,
        values: &[Choice],
    ) -> Result<Vec<Write>, ExecuteError> {
        let directory = &self.kernel.directory;
        let desk = directory.desk(key).filter(|_| call.viewer.may_see_desk(key));
        let desk = desk.ok_or(ExecuteError::NotFound)?;
        let defined = desk
            .definition()
            .value_lists
            .get(list)
            .ok_or(ExecuteError::NotFound)?;
        if !call.viewer.administers_desk(key) {
            let why = Detail::MayNotChangeLists;
            return Err(ExecuteError::Rejected(Rejection::NotPermitted { why }));
        }
        if !defined.apart {
            let fault = Fault::new("/list", FaultText::ListStandsInTheDesk);
            return Err(ExecuteError::invalid(vec![fault]));
        }
        let (events, known) = directory.list(key, list);
        let parts = known.change(values.to_vec()).map_err(ExecuteError::invalid)?;
        let event = |values| {
            Event::Desk(DeskEvent::ListChanged {
                desk: key.clone(),
                list: list.to_owned(),
                values,
            })
        };
        let written = parts.into_iter().map(event).collect();
        Ok(Write::some(events, format!("desk-{key}-{list}"), written))
    }
}

/// How many values the events of a change hold.
fn changed(written: &Written) -> usize {
    let events = written.streams.values().flatten();
    let of_lists = events.filter_map(|(_, event)| {
        let Event::Desk(DeskEvent::ListChanged { values, .. }) = event else {
            return None;
        };
        Some(values.len())
    });
    of_lists.sum()
}
