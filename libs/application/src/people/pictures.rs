//! Uploads that become pictures of persons: decoded within limits, one at a time, and encoded anew.

use domain::{Fault, FaultText};
use std::{io::Cursor, sync::Arc};

use bytes::Bytes;
use image::{DynamicImage, ImageReader, Limits, codecs::jpeg::JpegEncoder};
use tokio::sync::Semaphore;

use crate::kernel::error::ExecuteError;

/// Largest upload, bytes.
pub const UPLOAD_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Largest side of an upload, pixels.
pub const UPLOAD_SIDE_MAX: u32 = 8_192;
/// Most pixels of an upload: 16 million, such as 4,096 by 4,096.
pub const UPLOAD_PIXELS_MAX: u64 = 16 * 1024 * 1024;
/// Memory that an upload may take while it is decoded, bytes: 4 bytes for each pixel.
const DECODE_BYTES_MAX: u64 = 4 * UPLOAD_PIXELS_MAX;
/// How many uploads may wait for their turn to be decoded, which is one at a time.
pub const UPLOADS_WAITING_MAX: usize = 16;
/// The side of the picture that is kept, pixels.
pub const SIDE: u32 = 128;
/// The picture that is kept, at most, bytes: it lies within its event.
pub const BYTES_MAX: usize = 12 * 1024;
/// Qualities that are tried, the best first.
const QUALITIES: [u8; 4] = [85, 70, 50, 30];

/// Who may decode a picture: one upload at a time, and few wait, so that pictures take a bounded part of the memory whoever
/// uploads how many.
#[derive(Clone)]
pub(super) struct Decoding {
    waiting: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

impl Default for Decoding {
    fn default() -> Self {
        Decoding {
            waiting: Arc::new(Semaphore::new(UPLOADS_WAITING_MAX)),
            turn: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Decoding {
    /// The picture that is kept of an upload.
    pub(super) async fn kept(&self, upload: Bytes) -> Result<Vec<u8>, ExecuteError> {
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(ExecuteError::Unavailable {
                reason: format!("{UPLOADS_WAITING_MAX} pictures wait to be read already"),
            });
        };
        let turn = self
            .turn
            .clone()
            .acquire_owned()
            .await
            .map_err(ExecuteError::internal)?;
        let encoded = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            encode_anew(&upload)
        });
        encoded
            .await?
            .map_err(|text| ExecuteError::invalid(vec![Fault::new("/file", text)]))
    }
}

/// Decodes an upload within limits and encodes a square of it.
fn encode_anew(upload: &[u8]) -> Result<Vec<u8>, FaultText> {
    if upload.len() > UPLOAD_BYTES_MAX {
        return Err(FaultText::PictureBytesMax {
            max: UPLOAD_BYTES_MAX,
        });
    }
    let unreadable = |_: &dyn std::error::Error| FaultText::PictureUnreadable;
    let reader = || {
        ImageReader::new(Cursor::new(upload))
            .with_guessed_format()
            .map_err(|error| unreadable(&error))
    };
    let (width, height) = reader()?.into_dimensions().map_err(|error| unreadable(&error))?;
    let within = width <= UPLOAD_SIDE_MAX && height <= UPLOAD_SIDE_MAX;
    if !within || u64::from(width) * u64::from(height) > UPLOAD_PIXELS_MAX {
        return Err(FaultText::PicturePixelsMax {
            side: UPLOAD_SIDE_MAX,
            whole: UPLOAD_PIXELS_MAX,
        });
    }
    let mut reader = reader()?;
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
    Err(FaultText::PictureNotSmall)
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
        let too_many = FaultText::PicturePixelsMax {
            side: 8_192,
            whole: 16_777_216,
        };
        assert_eq!(encode_anew(&wide), Err(too_many.clone()));
        // Few bytes that become many pixels.
        let mut bomb = Vec::new();
        image::GrayImage::new(4_097, 4_096)
            .write_to(&mut Cursor::new(&mut bomb), image::ImageFormat::Png)
            .unwrap();
        assert!(bomb.len() < 100_000, "{}", bomb.len());
        assert_eq!(encode_anew(&bomb), Err(too_many));
    }

    #[tokio::test]
    async fn pictures_are_read_one_at_a_time_and_few_wait() {
        let decoding = Decoding::default();
        let held = decoding.turn.clone().acquire_owned().await.unwrap();
        let mut small = Vec::new();
        image::GrayImage::new(2, 2)
            .write_to(&mut Cursor::new(&mut small), image::ImageFormat::Png)
            .unwrap();
        let small = Bytes::from(small);
        let waiting: Vec<_> = (0..UPLOADS_WAITING_MAX)
            .map(|_| {
                let (decoding, small) = (decoding.clone(), small.clone());
                tokio::spawn(async move { decoding.kept(small).await })
            })
            .collect();
        while decoding.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let told = decoding.kept(small.clone()).await;
        assert!(
            matches!(told, Err(ExecuteError::Unavailable { .. })),
            "one more: {told:?}"
        );
        drop(held);
        for one in waiting {
            assert!(one.await.unwrap().is_ok());
        }
        assert!(decoding.kept(small).await.is_ok());
    }
}
