//! The bytes of one slot and of the header. Their layout is specified at [`crate::Vault`].

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use rand::TryRng as _;
use rand::rngs::{SysError, SysRng};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::master_key::MasterKey;
use crate::value_key::PersonKey;

/// The size of the header and of every slot. A divisor of the 512 bytes of a disk sector, so that a write that is cut
/// off by a power failure cannot leave a slot in two halves on the disk.
pub(crate) const SLOT_BYTES: usize = 128;

pub(crate) type SlotBytes = [u8; SLOT_BYTES];

pub(crate) const MAGIC: &[u8; 8] = b"GUICHKEY";
/// The only version of the file there is.
const FILE_VERSION: u32 = 1;
/// Where the checksum of header and slots lies; it covers what comes before it.
const CRC_AT: usize = 124;

const STATE_AT: usize = 16;
const STATE_PRESENT: u8 = 1;
const STATE_DESTROYED: u8 = 2;

/// What is wrong with a header.
pub(crate) enum HeaderFault {
    NotAKeysFile,
    UnknownVersion(u32),
    Damaged,
    /// The cipher says no more than that.
    OtherMaster,
}

/// Why a key could not be wrapped anew.
pub(crate) enum RewrapFault {
    /// The slot does not hold a key of this subject wrapped by the old master key.
    Refused(chacha20poly1305::Error),
    /// The operating system gave no random bytes.
    Random(SysError),
}

/// The content of one slot.
pub(crate) enum Slot {
    Empty,
    /// Holds a wrapped key.
    Present(Uuid),
    Destroyed(Uuid),
    /// Written in part: the checksum, which comes last, was never reached. Nobody was ever told of this key.
    Unfinished(Uuid),
    /// Not what was written. The subject is what the bytes say, which may be damaged too.
    Damaged(Uuid),
}

/// Wraps and unwraps persons' keys under the master key.
pub(crate) struct Wrapping(XChaCha20Poly1305);

impl Wrapping {
    pub(crate) fn new(master: &MasterKey) -> Wrapping {
        Wrapping(XChaCha20Poly1305::new(master.as_bytes().into()))
    }

    /// The header of a new file.
    pub(crate) fn new_header(&self) -> Result<SlotBytes, SysError> {
        let mut header = [0; SLOT_BYTES];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&FILE_VERSION.to_le_bytes());
        header[12..16].copy_from_slice(&(SLOT_BYTES as u32).to_le_bytes());
        SysRng.try_fill_bytes(&mut header[16..56])?;
        let (known, check) = header.split_at_mut(32);
        let tag = self.encrypt(&check[..24], known, &mut []);
        check[24..40].copy_from_slice(&tag);
        finish(&mut header);
        Ok(header)
    }

    /// Holds a header against this program and this master key.
    pub(crate) fn check_header(&self, header: &SlotBytes) -> Result<(), HeaderFault> {
        if &header[..8] != MAGIC {
            return Err(HeaderFault::NotAKeysFile);
        }
        // The version is told before the checksum is looked at: a later version may lay its header out anew.
        let version = u32_at(header, 8);
        if version != FILE_VERSION {
            return Err(HeaderFault::UnknownVersion(version));
        }
        if !is_finished(header) || u32_at(header, 12) as usize != SLOT_BYTES {
            return Err(HeaderFault::Damaged);
        }
        self.decrypt(&header[32..56], &header[..32], &mut [], &header[56..72])
            .ok()
            .ok_or(HeaderFault::OtherMaster)
    }

    /// A slot that holds a fresh random key for `subject`.
    pub(crate) fn new_key_slot(&self, subject: Uuid, slot: u32) -> Result<SlotBytes, SysError> {
        let mut bytes = [0; SLOT_BYTES];
        // Nonce and key are drawn in one go; the key is then encrypted where it lies.
        SysRng.try_fill_bytes(&mut bytes[24..80])?;
        self.wrap_in_place(&mut bytes, subject, slot);
        Ok(bytes)
    }

    /// The key in a slot that was read as [`Slot::Present`].
    pub(crate) fn unwrap_key(
        &self,
        bytes: &SlotBytes,
        subject: Uuid,
        slot: u32,
    ) -> Result<PersonKey, chacha20poly1305::Error> {
        let key = self.unwrap_bytes(bytes, subject, slot)?;
        Ok(PersonKey::new(&key))
    }

    /// The slot with the same key, wrapped by this master key instead of the `old` one.
    pub(crate) fn rewrap(
        &self,
        old: &Wrapping,
        bytes: &SlotBytes,
        subject: Uuid,
        slot: u32,
    ) -> Result<SlotBytes, RewrapFault> {
        let key = old
            .unwrap_bytes(bytes, subject, slot)
            .map_err(RewrapFault::Refused)?;
        let mut rewrapped = [0; SLOT_BYTES];
        SysRng
            .try_fill_bytes(&mut rewrapped[24..48])
            .map_err(RewrapFault::Random)?;
        rewrapped[48..80].copy_from_slice(key.as_ref());
        self.wrap_in_place(&mut rewrapped, subject, slot);
        Ok(rewrapped)
    }

    /// Makes a slot of bytes that hold a nonce and a key in clear.
    fn wrap_in_place(&self, bytes: &mut SlotBytes, subject: Uuid, slot: u32) {
        bytes[..16].copy_from_slice(subject.as_bytes());
        bytes[STATE_AT] = STATE_PRESENT;
        let (nonce, key_and_tag) = bytes[24..].split_at_mut(24);
        let (key, tag) = key_and_tag.split_at_mut(32);
        tag[..16].copy_from_slice(&self.encrypt(nonce, &place(subject, slot), key));
        finish(bytes);
    }

    fn unwrap_bytes(
        &self,
        bytes: &SlotBytes,
        subject: Uuid,
        slot: u32,
    ) -> Result<Zeroizing<[u8; 32]>, chacha20poly1305::Error> {
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&bytes[48..80]);
        self.decrypt(
            &bytes[24..48],
            &place(subject, slot),
            key.as_mut(),
            &bytes[80..96],
        )?;
        Ok(key)
    }

    fn encrypt(&self, nonce: &[u8], known: &[u8], secret: &mut [u8]) -> [u8; 16] {
        let Ok(nonce) = XNonce::try_from(nonce) else {
            unreachable!("the nonce field of a slot has 24 bytes");
        };
        let Ok(tag) = self.0.encrypt_inout_detached(&nonce, known, secret.into()) else {
            unreachable!("a key is far below the 256 GiB of the cipher");
        };
        tag.into()
    }

    fn decrypt(
        &self,
        nonce: &[u8],
        known: &[u8],
        secret: &mut [u8],
        tag: &[u8],
    ) -> Result<(), chacha20poly1305::Error> {
        let (Ok(nonce), Ok(tag)) = (XNonce::try_from(nonce), Tag::try_from(tag)) else {
            unreachable!("the nonce field of a slot has 24 bytes and its tag field 16");
        };
        self.0.decrypt_inout_detached(&nonce, known, secret.into(), &tag)
    }
}

/// A slot that says that its subject was erased, and holds nothing else.
pub(crate) fn destroyed_slot(subject: Uuid) -> SlotBytes {
    let mut bytes = [0; SLOT_BYTES];
    bytes[..16].copy_from_slice(subject.as_bytes());
    bytes[STATE_AT] = STATE_DESTROYED;
    finish(&mut bytes);
    bytes
}

/// A slot that reads as damaged and holds nothing but what was read of its subject.
pub(crate) fn given_up_slot(subject_as_read: Uuid) -> SlotBytes {
    let mut bytes = [0; SLOT_BYTES];
    bytes[..16].copy_from_slice(subject_as_read.as_bytes());
    finish(&mut bytes);
    // Not the checksum that fits, and not zero, which would say that it was never written to its end.
    let crc = match !u32_at(&bytes, CRC_AT) {
        0 => 1,
        crc => crc,
    };
    bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Reads one slot. The wrapped key is not unwrapped.
pub(crate) fn read_slot(bytes: &SlotBytes) -> Slot {
    if bytes.iter().all(|byte| *byte == 0) {
        return Slot::Empty;
    }
    let mut subject = [0; 16];
    subject.copy_from_slice(&bytes[..16]);
    let subject = Uuid::from_bytes(subject);
    if !is_finished(bytes) {
        let unfinished = bytes[CRC_AT..].iter().all(|byte| *byte == 0);
        return if unfinished {
            Slot::Unfinished(subject)
        } else {
            Slot::Damaged(subject)
        };
    }
    match bytes[STATE_AT] {
        STATE_PRESENT => Slot::Present(subject),
        STATE_DESTROYED => Slot::Destroyed(subject),
        _ => Slot::Damaged(subject),
    }
}

/// What a wrapped key is bound to: its subject and its slot, so that neither can be swapped.
fn place(subject: Uuid, slot: u32) -> [u8; 24] {
    let mut place = [0; 24];
    place[..16].copy_from_slice(subject.as_bytes());
    place[16..].copy_from_slice(&u64::from(slot).to_le_bytes());
    place
}

fn finish(bytes: &mut SlotBytes) {
    let crc = crc32c::crc32c(&bytes[..CRC_AT]);
    bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
}

fn is_finished(bytes: &SlotBytes) -> bool {
    u32_at(bytes, CRC_AT) == crc32c::crc32c(&bytes[..CRC_AT])
}

fn u32_at(bytes: &SlotBytes, at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
