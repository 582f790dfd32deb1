//! Where notifications go: changed by the holder of an account, who shows first that it is them and then that the new address
//! is theirs (seed 002, F81); corrected by an administrator (F76). The address before is told either way.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Fault, FaultText,
    account::{Account, ProfileField, change::address_set, profile::address_faults},
};

use crate::{
    identity::{
        Identity,
        letters::ADDRESS_CONFIRMATION,
        links::{Basis, NewAddress, does_not_hold, of_link},
        passwords::Proof,
    },
    kernel::{call::Call, error::ExecuteError, task::own_task},
};

/// Who has no password here shows that it is them by a sign-in that began at most so many minutes ago.
pub const RECENT_SIGN_IN_MINUTES: i64 = 10;

impl Identity {
    /// Asks to confirm a new address of one's own: mail goes to it. The password is asked for, since whoever has the mail of an
    /// account can choose its password; who has none here must have signed in just now.
    ///
    /// # Errors
    /// [`ExecuteError::Rejected`] with every fault.
    pub async fn request_address(
        &self,
        call: Call,
        address: String,
        password: Option<String>,
    ) -> Result<(), ExecuteError> {
        own_task(self, |this| async move {
            let account = this
                .kernel
                .directory
                .account(call.viewer.account)
                .ok_or(ExecuteError::NotFound)?;
            let mut faults = address_faults("/address", &address, account.kind);
            faults.extend(locked(&account, "/address"));
            match password {
                Some(password) if !account.signs_in_elsewhere() => {
                    let proof = Proof::password(password);
                    this.confirm_holder(&account, proof, "/password", &mut faults, &call)
                        .await?;
                }
                None if !account.signs_in_elsewhere() => faults.push(Fault::required("/password")),
                Some(_) | None => faults.extend(this.signed_in_just_now(&call).await?),
            }
            if !faults.is_empty() {
                return Err(ExecuteError::invalid(faults));
            }
            let wanted = NewAddress {
                address,
                basis: Basis::of(&account),
            };
            let payload = serde_json::to_string(&wanted).map_err(ExecuteError::internal)?;
            this.post(account.id, ADDRESS_CONFIRMATION, Some(payload), call.at)
                .await;
            Ok(())
        })
        .await
    }

    /// A fault unless the sign-in of this call began just now.
    async fn signed_in_just_now(&self, call: &Call) -> Result<Option<Fault>, ExecuteError> {
        let since = call.at - TimeDelta::minutes(RECENT_SIGN_IN_MINUTES);
        let sign_ins = self.sign_ins(call.viewer.account, call.at).await?;
        let recent = sign_ins
            .iter()
            .any(|sign_in| Some(sign_in.id) == call.sign_in && sign_in.at >= since);
        Ok((!recent).then(|| {
            Fault::new(
                "/password",
                FaultText::NoPasswordHere {
                    minutes: RECENT_SIGN_IN_MINUTES,
                },
            )
        }))
    }

    /// Shows that an address is one's own, by the link that was mailed to it.
    ///
    /// # Errors
    /// See [`ExecuteError`]; a fault of the token also when the address was set otherwise meanwhile. When the log takes no
    /// commands the link still holds.
    pub async fn confirm_address(&self, token: String, at: DateTime<Utc>) -> Result<(), ExecuteError> {
        own_task(self, |this| async move {
            let link = this.link(ADDRESS_CONFIRMATION, &token, at).await?;
            let id = link.account.ok_or_else(does_not_hold)?;
            let wanted: NewAddress = link.read()?;
            let call = this.call_by(&link, this.kernel.viewer_of_holder(id)?, "", at);
            this.kernel
                .append_own(&call, id, |account| {
                    if !wanted.basis.holds(account) {
                        return Err(does_not_hold());
                    }
                    if let Some(fault) = locked(account, "/token") {
                        return Err(ExecuteError::invalid(vec![fault]));
                    }
                    Ok(address_set(account, Some(wanted.address.clone()), true)?)
                })
                .await
                .map_err(of_link)?;
            this.served(&link, at).await
        })
        .await
    }
}

/// A fault when only administrators change the address.
fn locked(account: &Account, pointer: &str) -> Option<Fault> {
    let locked = account.locked_fields.contains(&ProfileField::Address);
    locked.then(|| Fault::new(pointer, FaultText::ByAdministratorsOnly))
}
