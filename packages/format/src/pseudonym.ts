/** What capture puts in the place of a secret carries one of these marks, whatever shape it keeps. Not anchored: it may stand within a text. */
export const PSEUDONYM = /redacted[-\w+/=.]*(?:@redacted\.invalid)?|5ec2e7ed[-0-9a-f]*/i;
