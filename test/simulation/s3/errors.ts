/** Errors as the AWS SDK gives them. */
export class S3ServiceException extends Error {
  readonly $metadata: { httpStatusCode: number };

  constructor(name: string, httpStatusCode: number) {
    super(name);
    this.name = name;
    this.$metadata = { httpStatusCode };
  }
}
