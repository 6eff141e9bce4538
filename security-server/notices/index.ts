export { thresholds } from './due.ts';
export { type ChannelState, Notices, type NoticesOptions, type TestOutcome } from './notices.ts';
export { givenSettingsSchema, NoticeSettingsError, noticeSettingsSchema } from './settings.ts';
