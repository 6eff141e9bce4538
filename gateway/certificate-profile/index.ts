export {
  type CertificateProfile,
  certificateProfileSchema,
  formsSchema,
  profileNameSchema,
} from './definition.ts';
export { describeStep, readMember, type Step, stepCodes } from './read-member.ts';
export { classNameOf, shippedProfile, shippedProfiles } from './shipped.ts';
export { writeSubject } from './write-subject.ts';
