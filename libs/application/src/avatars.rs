//! Pictures of persons: encoded anew by the server and never served as they were uploaded (seed 002, F80).

use std::io::Cursor;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    AccountId, Event, Fault,
    account::{AccountEvent, AvatarSet, ProfileField},
    fault::FaultCode,
    personal::Personal,
    policy::{Viewer, administration::AccountOperation},
};
use event_log::{StreamName, Version};
use image::{DynamicImage, ImageReader, Limits, codecs::jpeg::JpegEncoder};

use crate::{
    call::Call,
    codec,
    error::{ExecuteError, ReadError},
    start::Application,
};

/// Largest upload, bytes.
pub const UPLOAD_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Largest side of an upload, pixels.
pub const UPLOAD_SIDE_MAX: u32 = 8_192;
/// Memory that an upload may take while it is decoded, bytes.
const DECODE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The side of the picture that is kept, pixels.
pub const SIDE: u32 = 128;
/// The picture that is kept, at most, bytes: it lies within its event.
pub const BYTES_MAX: usize = 12 * 1024;
/// Qualities that are tried, the best first.
const QUALITIES: [u8; 4] = [85, 70, 50, 30];

/// A picture.
pub struct Avatar {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their media type.
    pub media_type: String,
    /// Which one it is: the version of the account that it came with.
    pub version: u64,
}

impl Application {
    /// Sets one's own picture. What is stored is a square of [`SIDE`] pixels, JPEG, without anything else that came with the
    /// upload.
    ///
    /// # Errors
    /// [`ExecuteError::Rejected`] when it is no picture that can be read.
    pub async fn set_avatar(&self, call: Call, upload: Vec<u8>) -> Result<(), ExecuteError> {
        let id = call.viewer.account;
        self.may_change_avatar(id)?;
        let picture = tokio::task::spawn_blocking(move || encode_anew(&upload))
            .await
            .map_err(ExecuteError::internal)?;
        let picture = picture
            .map_err(|detail| ExecuteError::invalid(vec![Fault::new("/file", FaultCode::Format, detail)]))?;
        self.append_own(&call, id, |_| {
            Ok(vec![AccountEvent::AvatarSet(AvatarSet {
                picture: Personal::new(id.person(), STANDARD.encode(&picture)),
                media_type: "image/jpeg".to_owned(),
            })])
        })
        .await?;
        Ok(())
    }

    /// Takes one's own picture away.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn remove_avatar(&self, call: Call) -> Result<(), ExecuteError> {
        let id = call.viewer.account;
        self.may_change_avatar(id)?;
        self.append_own(&call, id, |account| {
            let has = account.avatar.is_some();
            Ok(has
                .then_some(AccountEvent::AvatarRemoved {})
                .into_iter()
                .collect())
        })
        .await?;
        Ok(())
    }

    fn may_change_avatar(&self, id: AccountId) -> Result<(), ExecuteError> {
        let account = self.directory().account(id).ok_or(ExecuteError::NotFound)?;
        if account.locked_fields.contains(&ProfileField::Avatar) {
            let detail = "is changed by administrators only";
            return Err(ExecuteError::invalid(vec![Fault::new(
                "/file",
                FaultCode::Forbidden,
                detail,
            )]));
        }
        Ok(())
    }

    /// The picture of an account, for who may see the account.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] also when it has none.
    pub fn avatar(&self, viewer: &Viewer, id: AccountId) -> Result<Avatar, ReadError> {
        let account = self.account_for(viewer, id, AccountOperation::See)?;
        let version = account.avatar.ok_or(ReadError::NotFound)?;
        let stream = StreamName::try_from(format!("account-{id}")).map_err(ReadError::internal)?;
        let events = self
            .log()
            .read_stream(&stream, Version(version - 1), 1)
            .map_err(ReadError::internal)?;
        let recorded = events.first().ok_or(ReadError::NotFound)?;
        let Event::Account(AccountEvent::AvatarSet(avatar)) = codec::decode(self.vault(), recorded)? else {
            return Err(ReadError::NotFound);
        };
        let picture = avatar.picture.value.ok_or(ReadError::NotFound)?;
        Ok(Avatar {
            bytes: STANDARD.decode(picture).map_err(ReadError::internal)?,
            media_type: avatar.media_type,
            version,
        })
    }
}

/// Decodes an upload within limits and encodes a square of it.
fn encode_anew(upload: &[u8]) -> Result<Vec<u8>, String> {
    if upload.len() > UPLOAD_BYTES_MAX {
        return Err(format!("a picture holds at most {UPLOAD_BYTES_MAX} bytes"));
    }
    let unreadable =
        |_: &dyn std::error::Error| "is no PNG, JPEG, GIF or WebP picture that can be read".to_owned();
    let mut reader = ImageReader::new(Cursor::new(upload))
        .with_guessed_format()
        .map_err(|error| unreadable(&error))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(UPLOAD_SIDE_MAX);
    limits.max_image_height = Some(UPLOAD_SIDE_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| unreadable(&error))?;
    let square = picture.resize_to_fill(SIDE, SIDE, image::imageops::FilterType::Triangle);
    let square = on_white(&square);
    for quality in QUALITIES {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        encoder
            .encode_image(&square)
            .map_err(|error| unreadable(&error))?;
        if bytes.len() <= BYTES_MAX {
            return Ok(bytes);
        }
    }
    Err("cannot be made small enough".to_owned())
}

/// JPEG knows no transparency.
fn on_white(picture: &DynamicImage) -> DynamicImage {
    let mut white = image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut white, &picture.to_rgba8(), 0, 0);
    DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(white).to_rgb8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_comes_out_as_a_small_square_without_what_was_hidden_in_it() {
        let mut upload = Vec::new();
        let noise = image::RgbaImage::from_fn(640, 480, |x, y| {
            let dot = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503);
            image::Rgba([dot as u8, (dot >> 8) as u8, (dot >> 16) as u8, 255])
        });
        noise
            .write_to(&mut Cursor::new(&mut upload), image::ImageFormat::Png)
            .unwrap();
        upload.extend_from_slice(b"<script>alert(1)</script>");
        let kept = encode_anew(&upload).unwrap();
        assert!(kept.len() <= BYTES_MAX, "{}", kept.len());
        let read = image::load_from_memory(&kept).unwrap();
        assert_eq!((read.width(), read.height()), (SIDE, SIDE));
        assert!(!kept.windows(8).any(|window| window == b"<script>"));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused() {
        assert!(encode_anew(b"<svg xmlns='http://www.w3.org/2000/svg'/>").is_err());
        assert!(encode_anew(&vec![0; UPLOAD_BYTES_MAX + 1]).is_err());
        let mut wide = Vec::new();
        image::GrayImage::new(UPLOAD_SIDE_MAX + 1, 1)
            .write_to(&mut Cursor::new(&mut wide), image::ImageFormat::Png)
            .unwrap();
        assert!(encode_anew(&wide).is_err());
    }
}
