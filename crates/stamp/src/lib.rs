//! Time-stamps by RFC 3161: turns bytes into a request for an authority, and its answer into the
//! time at which the bytes existed, checked against a certificate that the reader names.
//!
//! Knows no network, no clock and no checkpoints. A certificate counts if it was valid at the time
//! of the stamp; revocations are not looked up. Start at [`Stamp::check`].

use cms::cert::CertificateChoices;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{Int, OctetString, SetOfVec};
use der::oid::ObjectIdentifier;
use der::{Any, Decode, Encode, Tag, Tagged};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime, pem::PemObject};
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring as signed_by};
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

const ID_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const ID_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const ID_SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const ID_CT_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const ID_CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const ID_MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// Extended key usage `id-kp-timeStamping`, 1.3.6.1.5.5.7.3.8, encoded.
const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

/// An answer that is no stamp, or a stamp that does not count.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StampError {
    /// The bytes are not an answer by RFC 3161.
    #[error("this is no time-stamp: {0}")]
    Form(String),
    /// The authority gave no stamp.
    #[error("the authority gave no time-stamp: its status is {0}")]
    Refused(String),
    /// The stamp is of other bytes.
    #[error("the time-stamp is of something else")]
    OtherBytes,
    /// The stamp is not what its authority signed.
    #[error("the signature of the time-stamp is wrong")]
    Signature,
    /// The authority's certificate does not lead to the reader's, or was not valid at the time.
    #[error("the certificate you named does not vouch for the time-stamp: {0}")]
    Certificate(String),
}

/// A stamp as an authority gave it, not checked yet.
#[derive(Debug, Clone)]
pub struct Stamp {
    signed: SignedData,
    info: TstInfo,
    /// Encoded `info`, which the authority signed.
    content: Vec<u8>,
}

/// The bytes of a request for a stamp of `bytes`; `nonce` is random, and any authority must repeat
/// it.
///
/// # Errors
/// If the request cannot be encoded, which no input causes.
pub fn request(bytes: &[u8], nonce: [u8; 8]) -> Result<Vec<u8>, StampError> {
    let form = |error: der::Error| StampError::Form(error.to_string());
    // A leading byte below 0x80 keeps the number positive; one above 0 keeps it the shortest.
    let mut number = nonce;
    number[0] = number[0] & 0x3f | 0x40;
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: imprint(bytes).map_err(form)?,
        req_policy: None,
        nonce: Some(Int::new(&number).map_err(form)?),
        cert_req: true,
        extensions: None,
    };
    request.to_der().map_err(form)
}

fn imprint(bytes: &[u8]) -> der::Result<MessageImprint> {
    let hash_algorithm = cms::cert::x509::spki::AlgorithmIdentifier { oid: ID_SHA_256, parameters: Some(Any::null()) };
    Ok(MessageImprint { hash_algorithm, hashed_message: OctetString::new(digest(&SHA256, bytes))? })
}

impl Stamp {
    /// Reads an authority's answer, without checking it.
    ///
    /// # Errors
    /// If the bytes are no answer, or have no stamp.
    pub fn parse(answer: &[u8]) -> Result<Self, StampError> {
        let form = |error: der::Error| StampError::Form(error.to_string());
        let answer = TimeStampResp::from_der(answer).map_err(form)?;
        let refused = || StampError::Refused(format!("{:?}", answer.status.status).to_lowercase());
        let token = answer.time_stamp_token.as_ref().ok_or_else(refused)?;
        let signed: SignedData = token.content.decode_as().map_err(form)?;
        if signed.encap_content_info.econtent_type != ID_CT_TST_INFO {
            return Err(StampError::Form("it is signed, and no time-stamp".to_owned()));
        }
        let inside = signed.encap_content_info.econtent.as_ref();
        let inside = inside.filter(|inside| inside.tag() == Tag::OctetString);
        let content = inside.ok_or_else(|| StampError::Form("it is empty".to_owned()))?.value().to_vec();
        let info = TstInfo::from_der(&content).map_err(form)?;
        Ok(Self { signed, info, content })
    }

    /// Returns `true` if the stamp is of these bytes.
    #[must_use]
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        self.info.message_imprint.hash_algorithm.oid == ID_SHA_256
            && self.info.message_imprint.hashed_message.as_bytes() == digest(&SHA256, bytes).as_slice()
    }

    /// Returns the time of the stamp, in seconds since the Unix epoch, after checking the stamp
    /// against the certificates that the reader names, in PEM or one in DER.
    ///
    /// The authority's own certificate is in the stamp, and must be for time-stamps alone.
    ///
    /// # Errors
    /// If the stamp is not of these bytes or not what was signed, or if the certificates do not
    /// vouch for it.
    pub fn check(&self, bytes: &[u8], trusted: &[u8]) -> Result<u64, StampError> {
        if !self.is_of(bytes) {
            return Err(StampError::OtherBytes);
        }
        let seconds = self.info.gen_time.to_unix_duration().as_secs();
        let [signer] = self.signed.signer_infos.0.as_ref() else {
            return Err(StampError::Form("it does not have one signature".to_owned()));
        };
        let certificates = self.certificates()?;
        let own = certificates
            .iter()
            .find(|(certificate, _)| is_of_signer(signer, certificate))
            .map(|(_, bytes)| bytes)
            .ok_or_else(|| StampError::Certificate("the stamp does not have its own certificate".to_owned()))?;
        let own_der = CertificateDer::from(own.as_slice());
        let end = EndEntityCert::try_from(&own_der).map_err(refused)?;
        let trusted = trusted_certificates(trusted)?;
        let anchors = trusted.iter().map(anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>().map_err(refused)?;
        let others: Vec<CertificateDer<'_>> =
            certificates.iter().map(|(_, bytes)| CertificateDer::from(bytes.as_slice())).collect();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        end.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &others,
            at,
            KeyUsage::required(TIME_STAMPING),
            None,
            None,
        )
        .map_err(refused)?;
        self.check_signature(signer, &end, own)?;
        Ok(seconds)
    }

    /// Returns the certificates in the stamp, decoded and as bytes.
    fn certificates(&self) -> Result<Vec<(cms::cert::x509::Certificate, Vec<u8>)>, StampError> {
        let mut found = Vec::new();
        for choice in self.signed.certificates.iter().flat_map(|all| all.0.iter()) {
            if let CertificateChoices::Certificate(certificate) = choice {
                let bytes = certificate.to_der().map_err(|error| StampError::Form(error.to_string()))?;
                found.push((certificate.clone(), bytes));
            }
        }
        Ok(found)
    }

    /// Checks that the signer signed the content, with attributes that name it and the certificate
    /// (RFC 5652, section 5.4; RFC 5816).
    fn check_signature(&self, signer: &SignerInfo, end: &EndEntityCert<'_>, own: &[u8]) -> Result<(), StampError> {
        let form = |error: der::Error| StampError::Form(error.to_string());
        let attributes = signer.signed_attrs.as_ref().ok_or(StampError::Signature)?;
        let value = |id: ObjectIdentifier| {
            let attribute = attributes.iter().find(|attribute| attribute.oid == id)?;
            attribute.values.get(0).filter(|_| attribute.values.len() == 1)
        };
        let is_stamp = value(ID_CONTENT_TYPE).is_some_and(|value| value.decode_as() == Ok(ID_CT_TST_INFO));
        let content = digest_of(signer.digest_alg.oid, &self.content).ok_or(StampError::Signature)?;
        let is_content = value(ID_MESSAGE_DIGEST).is_some_and(|value| value.value() == content.as_slice());
        let names = attributes.to_der().map_err(form)?;
        // Older authorities name their certificate by SHA-1 (RFC 2634). Nothing rests on that
        // alone: the chain of certificates is checked besides.
        let fingerprints =
            [&SHA256, &SHA384, &SHA512, &SHA1_FOR_LEGACY_USE_ONLY].map(|algorithm| digest(algorithm, own));
        let is_named =
            fingerprints.iter().any(|print| names.windows(print.len()).any(|window| window == print.as_slice()));
        if !is_stamp || !is_content || !is_named {
            return Err(StampError::Signature);
        }
        // The attributes are signed as a set, whatever tag they have in the message.
        let set = SetOfVec::from_iter(attributes.iter().cloned()).and_then(|set| set.to_der()).map_err(form)?;
        let signature = signer.signature.as_bytes();
        let algorithms = algorithms(signer.digest_alg.oid);
        let is_signed = algorithms.iter().any(|algorithm| end.verify_signature(*algorithm, &set, signature).is_ok());
        if is_signed { Ok(()) } else { Err(StampError::Signature) }
    }
}

fn refused(error: webpki::Error) -> StampError {
    StampError::Certificate(match error {
        webpki::Error::CertExpired { .. } => "it, or the authority's, had expired at that time".to_owned(),
        webpki::Error::CertNotValidYet { .. } => "it, or the authority's, was not valid yet at that time".to_owned(),
        webpki::Error::UnknownIssuer => "the authority's was issued by another".to_owned(),
        webpki::Error::RequiredEkuNotFoundContext(_) => "the authority's is not for time-stamps".to_owned(),
        other => other.to_string(),
    })
}

fn is_of_signer(signer: &SignerInfo, certificate: &cms::cert::x509::Certificate) -> bool {
    match &signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(id) => {
            id.issuer == certificate.tbs_certificate.issuer
                && id.serial_number == certificate.tbs_certificate.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(_) => false,
    }
}

/// Returns the certificates of a file: all of one in PEM, or the one in DER.
fn trusted_certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, StampError> {
    let pem: Vec<_> = CertificateDer::pem_slice_iter(bytes).filter_map(Result::ok).collect();
    match pem.is_empty() {
        false => Ok(pem),
        true if bytes.first() == Some(&0x30) => Ok(vec![CertificateDer::from(bytes.to_vec())]),
        true => Err(StampError::Certificate("it is no certificate, in PEM or in DER".to_owned())),
    }
}

fn digest(algorithm: &'static Algorithm, bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(algorithm, bytes).as_ref().to_vec()
}

fn digest_of(algorithm: ObjectIdentifier, bytes: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        ID_SHA_256 => Some(digest(&SHA256, bytes)),
        ID_SHA_384 => Some(digest(&SHA384, bytes)),
        ID_SHA_512 => Some(digest(&SHA512, bytes)),
        _ => None,
    }
}

/// Returns the algorithms that sign a digest of this kind.
fn algorithms(digest: ObjectIdentifier) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    match digest {
        ID_SHA_256 => {
            vec![signed_by::RSA_PKCS1_2048_8192_SHA256, signed_by::ECDSA_P256_SHA256, signed_by::ECDSA_P384_SHA256]
        }
        ID_SHA_384 => {
            vec![signed_by::RSA_PKCS1_2048_8192_SHA384, signed_by::ECDSA_P256_SHA384, signed_by::ECDSA_P384_SHA384]
        }
        _ => vec![signed_by::RSA_PKCS1_2048_8192_SHA512],
    }
}
