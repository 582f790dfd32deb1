//! Publishing desks.

use chrono::{DateTime, Utc};
use domain::{
    Event,
    desk::{self, Desk, DeskEvent},
};
use event_log::{Channel, Version};

use crate::{
    kernel::{
        call::Call,
        error::ExecuteError,
        lanes::Targets,
        writes::{Made, Write},
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
}
