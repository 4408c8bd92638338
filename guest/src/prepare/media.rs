//! Formats of images, documents and videos, and the names of documents.

use super::unique::UniqueTexts;

/// `ImageFormat` of the API model by media type. `image/jpg` is not registered and common.
const IMAGES: &[(&str, &str)] = &[
    ("image/jpeg", "jpeg"),
    ("image/jpg", "jpeg"),
    ("image/png", "png"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];

/// `DocumentFormat` of the API model by media type.
const DOCUMENTS: &[(&str, &str)] = &[
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
];

/// `VideoFormat` of the API model by media type.
const VIDEOS: &[(&str, &str)] = &[
    ("video/x-matroska", "mkv"),
    ("video/quicktime", "mov"),
    ("video/mp4", "mp4"),
    ("video/webm", "webm"),
    ("video/x-flv", "flv"),
    ("video/mpeg", "mpeg"),
    ("video/x-ms-wmv", "wmv"),
    ("video/3gpp", "three_gp"),
];

/// The longest document name (API model).
const MAX_NAME_LENGTH: usize = 200;

/// A kind of attached bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Image,
    Document,
    Video,
}

impl Kind {
    /// What it is called in `model.input`, notices and placeholders.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Image => "image",
            Kind::Document => "document",
            Kind::Video => "video",
        }
    }

    /// Bedrock's format for a media type; parameters such as `; charset=utf-8` do not matter.
    pub(super) fn format(self, media_type: &str) -> Option<&'static str> {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        self.table().iter().find(|(name, _)| *name == essence).map(|(_, format)| *format)
    }

    /// The media types that are taken, for a problem's text.
    pub(super) fn media_types(self) -> String {
        self.table().iter().map(|(name, _)| *name).filter(|name| *name != "image/jpg").collect::<Vec<_>>().join(", ")
    }

    fn table(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Kind::Image => IMAGES,
            Kind::Document => DOCUMENTS,
            Kind::Video => VIDEOS,
        }
    }
}

/// What numbers leave of a name at least: they have up to seven digits.
const NAME_STEM: usize = MAX_NAME_LENGTH - 8;

/// Names of documents that were given out. A name is unique in the whole request.
#[derive(Debug, Default)]
pub(super) struct DocumentNames(UniqueTexts<'static>);

impl DocumentNames {
    /// A name that Bedrock takes: ASCII letters and digits, single spaces, `-()[]`, at most 200 (vercel #20365 and others).
    /// The extension goes: the format says it.
    pub(super) fn name(&mut self, given: Option<&str>, format: &str) -> String {
        let given = given.unwrap_or_default();
        let stem = match given.rsplit_once('.') {
            Some((stem, extension)) if extension.eq_ignore_ascii_case(format) => stem,
            _ => given,
        };
        let allowed = |c: char| if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' };
        let spaced: String = stem.chars().map(allowed).collect();
        let mut name = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
        name.truncate(MAX_NAME_LENGTH);
        let name = match name.trim_end() {
            "" => "document",
            name => name,
        };
        self.0.take(name, NAME_STEM, |number| {
            let suffix = format!(" {number}");
            let room = MAX_NAME_LENGTH - suffix.len();
            format!("{}{suffix}", &name[..name.len().min(room)])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_names_are_plain_and_unique() {
        let mut names = DocumentNames::default();
        assert_eq!(names.name(Some("Q3_report.final.pdf"), "pdf"), "Q3 report final");
        assert_eq!(names.name(Some("Q3 report\u{3000}final"), "pdf"), "Q3 report final 2");
        assert_eq!(names.name(Some("\u{5831}\u{544a}"), "pdf"), "document");
        assert_eq!(names.name(None, "md"), "document 2");
        let long = "x".repeat(300);
        assert_eq!(names.name(Some(&long), "txt").len(), 200);
        let second = names.name(Some(&long), "txt");
        assert_eq!((second.len(), second.ends_with(" 2")), (200, true));
    }

    #[test]
    fn media_types_are_read_without_parameters_and_case() {
        assert_eq!(Kind::Image.format("Image/JPG"), Some("jpeg"));
        assert_eq!(Kind::Document.format("text/plain; charset=utf-8"), Some("txt"));
        assert_eq!(Kind::Image.format("image/tiff"), None);
    }
}
