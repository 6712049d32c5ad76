/*
 * What do requests and answers look like? JSON schemas, by which fastify checks what comes in, writes
 * what goes out, and describes both in OpenAPI.
 */

/** What a request may ask for at most. */
export const limits = {
  /** Bytes of a body. */
  bodyBytes: 10 * 1024 * 1024,
  /** Images of one request. */
  images: 256,
  /** Requests that are answered at one time; more are turned away. */
  requestsInFlight: 256,
  /** Seconds in which a request has to be here whole. */
  requestSeconds: 15,
  /** Seconds in which it is answered, or refused by 503. */
  answerSeconds: 30,
} as const;

/** Kinds of pictures, as their Content-Type. */
export const pictureTypes = ['image/png', 'image/jpeg', 'image/webp'] as const;

const image = {
  type: 'array',
  description: '784 numbers from 0 (paper) to 1 (ink): 28 rows of 28 pixels',
  minItems: 784,
  maxItems: 784,
  items: { type: 'number', minimum: 0, maximum: 1 },
} as const;

/** A body of JSON. */
export const imagesSchema = {
  type: 'object',
  description: 'Images that are prepared as the digits of MNIST',
  required: ['images'],
  additionalProperties: false,
  properties: {
    images: { type: 'array', minItems: 1, maxItems: limits.images, items: image },
  },
} as const;

const prediction = {
  type: 'object',
  required: ['digit', 'confidence', 'probabilities'],
  properties: {
    digit: { type: 'integer', minimum: 0, maximum: 9 },
    className: { type: 'string', description: "the network's name of the digit" },
    confidence: { type: 'number', description: 'probability of the digit, 0 to 1' },
    probabilities: {
      type: 'array',
      description: 'probabilities of the digits 0 to 9',
      items: { type: 'number' },
    },
  },
} as const;

export const answerSchema = {
  type: 'object',
  required: ['model', 'predictions'],
  properties: {
    model: { type: 'string', description: 'version of the model, as GET /v1/model has it' },
    predictions: {
      type: 'array',
      description: 'one for each picture, in order',
      items: prediction,
    },
  },
} as const;

export const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' } },
    },
  },
} as const;

export const modelSchema = {
  type: 'object',
  required: ['version', 'parameters', 'classNames', 'input'],
  properties: {
    version: { type: 'string', description: 'the first 12 digits of the SHA-256 of the weights' },
    parameters: { type: 'integer' },
    classNames: { type: 'array', items: { type: 'string' } },
    input: { type: 'string' },
  },
} as const;

/** The answers with which a request is refused, for OpenAPI. */
export const refusals = Object.fromEntries(
  [400, 401, 408, 413, 415, 422, 500, 503].map((status) => [status, errorSchema]),
);
