export const greeting = 'Hello!';
